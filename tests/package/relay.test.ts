/** The relay as it is installed: by one command, with nothing else installed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { startMock } from '../../src/testing/index.js'

const { bare } = inject('packed')
const folder = mkdtempSync(join(tmpdir(), 'leashllm-relay-command-'))

afterAll(() => rmSync(folder, { recursive: true }))

function run(...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1' }
  return spawn(process.execPath, [join(bare, 'node_modules/leashllm/dist/cli/index.js'), ...args], { cwd: folder, env })
}

const relay = (...args: string[]) => run('relay', ...args)

/** What it says until the text is in it, or it has ended. */
function saying(process: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const hear = (chunk: Buffer) => {
      said += chunk
      if (said.includes(text)) resolve(said)
    }
    process.stdout?.on('data', hear)
    process.stderr?.on('data', hear)
    process.once('close', () => resolve(said))
  })
}

test('one command starts it, and a signal ends it', async () => {
  const started = relay('--port', '0', '--folder', join(folder, 'files'), '--json')
  const { url, admin, call } = JSON.parse(await saying(started, '}'))
  expect([admin, call]).toEqual([expect.stringMatching(/^lk_/), expect.stringMatching(/^lk_/)])
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  expect(await (await fetch(url)).text()).toContain('dashboard.js')
  const authorization = `Bearer ${admin}`
  expect(await (await fetch(`${url}/v1/admin/tenants`, { headers: { authorization } })).json()).toMatchObject({
    items: [{ slug: 'default' }],
  })
  const ended = new Promise((resolve) => started.once('exit', resolve))
  started.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('it calls models, over HTTP and over a web socket, with what is bundled for that', async () => {
  const mock = await startMock()
  const file = join(folder, 'calls.yaml')
  writeFileSync(file, `leash: { providers: { openai: { baseURL: '${mock.url}/v1', apiKey: mock } } }\n`)
  const started = relay('--config', file, '--port', '0', '--folder', join(folder, 'calls'), '--json')
  const { url, call } = JSON.parse(await saying(started, '}'))
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${call}` }, body })
  expect((await answer.json()).choices[0].message.content).toContain('Hello')
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/gateway/ws`, ['leash', `leash.key.${call}`])
  socket.onopen = () => socket.send(JSON.stringify({ type: 'message', model: 'gpt-4o-mini', content: 'Hello' }))
  const last = await new Promise((resolve) => {
    socket.onmessage = ({ data }) => ['done', 'error'].includes(JSON.parse(data).type) && resolve(JSON.parse(data).type)
  })
  expect(last).toBe('done')
  socket.close()
  started.kill('SIGTERM')
  await mock.close()
})

test('it says at its start what is missing for the mail that is asked for', async () => {
  const file = join(folder, 'mail.yaml')
  writeFileSync(file, 'mail: { url: "smtps://mail.example.com", from: leash@example.com, to: [ops@example.com] }\n')
  const started = relay('--config', file, '--port', '0', '--folder', join(folder, 'mail'))
  expect(await saying(started, 'npm i nodemailer')).toContain(
    'Mail cannot be sent: [missing_dependency] This needs the package `nodemailer`.',
  )
  started.kill('SIGTERM')
})

test('it reads its configuration again when the file has changed, and at a signal', async () => {
  const file = join(folder, 'again.yaml')
  writeFileSync(file, 'staleMs: 1000\n')
  const started = relay('--config', file, '--port', '0', '--folder', join(folder, 'again'), '--json')
  const { url, admin } = JSON.parse(await saying(started, '}'))
  const staleMs = async () => {
    const { config } = await (await fetch(`${url}/v1/admin/config`, { headers: { authorization: `Bearer ${admin}` } })).json()
    return config.staleMs
  }
  let said = saying(started, 'read again')
  writeFileSync(file, 'staleMs: 2000\n')
  expect(await said).toContain('staleMs')
  expect(await staleMs()).toBe(2000)
  writeFileSync(file, 'stale: 1\n')
  said = saying(started, 'stays as it was')
  started.kill('SIGHUP')
  expect(await said).toContain('`stale`')
  expect(await staleMs()).toBe(2000)
  const ended = new Promise((resolve) => started.once('exit', resolve))
  started.kill('SIGTERM')
  expect(await ended).toBe(0)
  const copied = run('backup', join(folder, 'copy'), '--folder', join(folder, 'again'))
  expect(await saying(copied, 'pepper')).toContain('relay.db, pepper')
  const second = relay('--port', '0', '--folder', join(folder, 'copy'), '--json')
  expect(JSON.parse(await saying(second, '}')).admin).toBeUndefined()
  second.kill('SIGTERM')
})

test('a configuration that is wrong is told, and nothing is started', async () => {
  const file = join(folder, 'leash.yaml')
  writeFileSync(file, 'prot: 1\n')
  expect(await saying(relay(), '.')).toContain('prot')
  writeFileSync(file, ['folder: $', '{NOWHERE_SET}'].join(''))
  expect(await saying(relay('--config', file), '.')).toContain('NOWHERE_SET')
})
