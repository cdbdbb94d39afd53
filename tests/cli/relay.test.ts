import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { noUsage } from '../../src/core/usage.js'
import { type Relay, startRelay } from '../../src/relay/relay.js'
import { until } from '../helpers/mock.js'
import { root } from '../helpers/source.js'
import { useCommand } from './run.js'

const leash = useCommand()
const folder = mkdtempSync(join(tmpdir(), 'leashllm-cli-relay-'))
let relay: Relay

beforeAll(async () => {
  relay = await startRelay({ port: 0, folder: join(folder, 'relay') })
})
afterAll(async () => {
  await relay.close()
  rmSync(folder, { recursive: true })
})

const env = (of = relay) => ({ LEASH_RELAY_URL: of.url, LEASH_RELAY_ADMIN_KEY: of.firstKeys?.admin ?? '' })
const json = async (...args: string[]) => JSON.parse((await leash([...args, '--json'], { env: env() })).stdout)

describe('the administration of a relay by commands', () => {
  test('makes tenants and keys, and lists them', async () => {
    expect(await json('tenants', 'create', 'search', '--plan', 'team')).toMatchObject({ slug: 'search', plan: 'team' })
    const { key, id } = await json('keys', 'create', '--tenant', 'search', '--scopes', 'call')
    expect(key).toMatch(/^lk_/)
    const { stdout } = await leash(['keys', '--tenant', 'search'], { env: env() })
    expect(stdout).toMatch(new RegExp(`^${id}\\s+search\\s+call`))
    expect(stdout).not.toContain(key)
    expect(await json('keys', 'revoke', id)).toMatchObject({ id })
    const short = await json('keys', 'create', '--tenant', 'search', '--expires', new Date(Date.now() + 3_600_000).toISOString())
    const twoHoursLater = 'const { now } = Date; Date.now = () => now() + 7_200_000'
    const options = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(twoHoursLater)}` }
    const listed = (await leash(['keys', '--tenant', 'search'], { env: { ...env(), ...options } })).stdout
    expect(listed).toMatch(new RegExp(`${id}\\s+search\\s+revoked`))
    expect(listed).toMatch(new RegExp(`${short.id}\\s+search\\s+expired`))
    expect((await leash(['tenants'], { env: env() })).stdout).toMatch(/search\s+active\s+team/)
  })

  test('prints no name that says something to the terminal', async () => {
    await json('tenants', 'create', 'sly', '--name', 'x\u001b[2J\nadmin  active')
    const { stdout } = await leash(['tenants'], { env: env() })
    expect(stdout).toMatch(/^sly +active +default +x \[2J admin {2}active$/m)
  })

  test('makes a key for the administration of a tenant, by its role', async () => {
    const made = await json('keys', 'create', '--tenant', 'default', '--user', 'ada', '--role', 'member')
    expect(made).toMatchObject({ role: 'member', user: 'ada', scopes: [] })
    expect((await leash(['keys', '--user', 'ada'], { env: env() })).stdout).toMatch(/ada\s+member/)
    expect(await leash(['keys', 'create', '--tenant', 'default', '--role', 'king'], { env: env() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('owner, admin, member, viewer'),
    })
  })

  test.each(['tenants', 'users', 'vendor-keys', 'keys'])(
    '%s list: says that there is no such verb, and which there are',
    async (of) => {
      expect(await leash([of, 'list'], { env: env() })).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(`There is no "${of} list". Known: .*none at all lists them`),
      })
    },
  )

  test('makes keys that want their requests signed, and keys of one certificate, by its file or its fingerprint', async () => {
    expect(await json('keys', 'create', '--tenant', 'default', '--signed')).toMatchObject({
      signed: true,
      signingSecret: expect.any(String),
    })
    const file = join(root, 'tests/fixtures/tls/client.pem')
    const { fingerprint256 } = new X509Certificate(readFileSync(file))
    const certificate = fingerprint256.replaceAll(':', '').toLowerCase()
    for (const typed of [file, fingerprint256, certificate]) {
      const made = await json('keys', 'create', '--tenant', 'default', '--certificate', typed)
      expect(made).toMatchObject({ certificate })
      expect(made.signed).toBeUndefined()
    }
    for (const typed of [`${file}.old`, join(root, 'package.json'), 'ab:cd'])
      expect(await leash(['keys', 'create', '--tenant', 'default', '--certificate', typed], { env: env() })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('is no file with a certificate, and no SHA-256 fingerprint'),
      })
  })

  test('checks, sets and tells policies, from YAML', async () => {
    const file = join(folder, 'policy.yaml')
    writeFileSync(file, 'access:\n  models: { allow: ["gpt-*"] }\n')
    expect(await json('policy', 'check', file)).toMatchObject({ version: 1 })
    expect(await json('policy')).toMatchObject({ version: 0 })
    expect(await json('policy', 'set', file)).toMatchObject({ version: 1, policy: { access: { models: { allow: ['gpt-*'] } } } })
    expect((await leash(['policy', 'history'], { env: env() })).stdout).toMatch(/^1\s+2/)
    writeFileSync(file, 'acess: {}\n')
    expect(await leash(['policy', 'set', file], { env: env() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('`acess`'),
    })
    writeFileSync(file, '# to be written\n')
    expect(await leash(['policy', 'set', file], { env: env() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`There is nothing in ${file}`),
    })
    expect(await json('policy')).toMatchObject({ version: 1 })
  })

  test('makes users, changes them, and gives them a password that stands on no command line', async () => {
    const made = await json('users', 'create', 'ada', '--email', 'ada@example.com', '--role', 'admin')
    expect(made).toMatchObject({ id: 'ada', role: 'admin', status: 'active' })
    expect(await json('users', 'change', 'ada', '--role', 'viewer')).toMatchObject({ role: 'viewer' })
    expect(await json('users', 'suspend', 'ada')).toMatchObject({ status: 'suspended' })
    expect((await leash(['users'], { env: env() })).stdout).toMatch(/^ada\s+viewer\s+suspended\s+ada@example.com/)
    expect(await leash(['users', 'password', 'ada'], { env: env(), stdin: 'correct horse battery\n' })).toMatchObject({ code: 0 })
    expect(await json('users')).toMatchObject([{ password: true }])
    expect((await leash(['users', 'delete', 'ada'], { env: env() })).code).toBe(0)
    expect(await json('users')).toEqual([])
  })

  test('takes vendor keys that are piped in, and shows their ends', async () => {
    const key = 'sk-of-the-tenant-itself-1234'
    const set = await leash(['vendor-keys', 'set', 'openai'], { env: env(), stdin: `${key}\n` })
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('1234') })
    const listed = await leash(['vendor-keys'], { env: env() })
    expect(listed.stdout).toMatch(/^openai\s+…1234/)
    expect(set.stdout + listed.stdout).not.toContain(key)
    expect((await leash(['vendor-keys', 'delete', 'openai'], { env: env() })).code).toBe(0)
    expect((await leash(['vendor-keys', 'set', 'openai'], { env: env() })).stderr).toContain('LEASH_VENDOR_KEY')
  })

  test('tells what changed in a policy, and sets that of a key', async () => {
    const file = join(folder, 'key-policy.yaml')
    writeFileSync(file, 'maxAttempts: 2\n')
    const { id } = await json('keys', 'create', '--tenant', 'default')
    expect(await json('policy', 'set', file, '--key', id)).toMatchObject({ version: 1, policy: { maxAttempts: 2 } })
    expect(await json('policy', 'diff', '--key', id)).toEqual({ from: 0, to: 1, changes: [{ path: 'maxAttempts', after: 2 }] })
    expect(await json('policy', 'diff', '0', '--from', '1', '--key', id)).toMatchObject({ changes: [{ before: 2 }] })
  })

  test('tells what was used, and who changed what', async () => {
    const unused = await startRelay({ port: 0, folder: join(folder, 'unused') })
    onTestFinished(() => unused.close())
    const told = async (...args: string[]) => (await leash(args, { env: env(unused) })).stdout
    expect(await told('usage', '--csv')).toContain('tenant,model')
    expect(JSON.parse(await told('usage', '--json'))).toEqual([])
    expect(await told('audit')).toContain('relay.first_start')
    expect(JSON.parse(await told('audit', 'verify', '--json'))).toMatchObject({ ok: true })
    const first = await told('audit', '--export', 'ndjson', '--action', 'relay.first_start')
    expect(JSON.parse(first)).toMatchObject({ seq: 1, actor: 'relay' })
    expect((await told('audit', '--to', '2000-01-01')).trim()).toBe('')
  })

  test('tells who used most, and what all used', async () => {
    const used = await startRelay({ port: 0, folder: join(folder, 'used') })
    onTestFinished(() => used.close())
    const line = (model: string, cost: number) => ({
      ...{ id: model, callId: model, attempt: 1, at: Date.now(), durationMs: 1, provider: 'openai', model },
      ...{ protocol: 'openai-chat', outcome: 'ok', basis: 'complete', cost, usage: noUsage },
    })
    const headers = { authorization: `Bearer ${used.firstKeys?.call}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ lines: [line('a', 1e7), line('b', 3e7), line('c', 2e7)] })
    await fetch(`${used.url}/v1/usage`, { method: 'POST', headers, body })
    const told = async (...args: string[]) => (await leash(['usage', '--top', '2', ...args], { env: env(used) })).stdout
    expect((await told('--by', 'provider,model')).split('\n').map((line) => line.split(/\s+/))).toEqual([
      ...[
        ['provider', 'model', 'calls', 'cost'],
        ['openai', 'b', '1', '$0.03'],
        ['openai', 'c', '1', '$0.02'],
      ],
      ...[['total', '3', '$0.06'], ['']],
    ])
    expect(JSON.parse(await told('--json'))).toMatchObject({
      rows: [{ cost: '0.03' }, { cost: '0.02' }],
      total: { cost: '0.06' },
    })
  })

  test('asks a policy again about a call', async () => {
    const id = 'call_1'
    const line = {
      ...{ id: `${id}/1`, callId: id, attempt: 1, at: Date.now(), durationMs: 1, provider: 'openai', model: 'gpt-4o\u001b[2J' },
      ...{ protocol: 'openai-chat', outcome: 'ok', basis: 'complete', cost: 0 },
      usage: { input: 0, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, audioInput: 0, output: 0, reasoning: 0, audioOutput: 0 },
    }
    const headers = { authorization: `Bearer ${relay.firstKeys?.call}`, 'content-type': 'application/json' }
    await fetch(`${relay.url}/v1/usage`, { method: 'POST', headers, body: JSON.stringify({ lines: [line] }) })
    const { stdout } = await leash(['replay', id], { env: env() })
    expect(stdout).toMatch(/^replayed\s+allowed$/m)
    // Whoever may call has named the model, and says nothing to an administrator's terminal.
    for (const told of [stdout, (await leash(['usage'], { env: env() })).stdout]) expect(told).toContain('gpt-4o [2J')
    expect(await leash(['replay', 'nothing'], { env: env() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('on record'),
    })
  })

  test('copies what the relay knows, from which another starts', async () => {
    const to = join(folder, 'backup')
    const from = join(folder, 'relay')
    const [left, fresh] = ['a', 'b'].map((letter) => join(from, `backup-${letter.repeat(16)}.db`)) as [string, string]
    for (const path of [left, fresh]) writeFileSync(path, '')
    utimesSync(left, 1, 1)
    // There is a key of the relay's own as soon as there is one of a vendor's to seal.
    await leash(['vendor-keys', 'set', 'groq'], { env: env(), stdin: 'gsk-to-be-sealed\n' })
    onTestFinished(async () => void (await leash(['vendor-keys', 'delete', 'groq'], { env: env() })))
    expect(await json('backup', to, '--folder', from)).toMatchObject({
      files: ['relay.db', 'pepper', 'signing-key.pem', 'master-key'],
    })
    expect(statSync(join(to, 'relay.db')).mode & 0o777).toBe(0o600)
    expect(readdirSync(from).filter((name) => name.startsWith('backup-'))).toEqual([basename(fresh)])
    expect(await leash(['backup', to], { env: env() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there already'),
    })
    expect(await leash(['backup', join(folder, 'none'), '--folder', folder], { env: env() })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`no ${join(folder, 'signing-key.pem')}`),
    })
    expect((await leash(['backup', join(folder, 'none'), '--folder', folder])).stderr).toContain('LEASH_RELAY_ADMIN_KEY')
    expect(existsSync(join(folder, 'none'))).toBe(false)
    expect((await leash(['backup', join(folder, 'none'), '--folder', from])).stderr).toContain('set LEASH_RELAY_ADMIN_KEY')
    const second = await startRelay({ port: 0, folder: to })
    const authorization = `Bearer ${relay.firstKeys?.admin}`
    const { items } = await (await fetch(`${second.url}/v1/admin/tenants`, { headers: { authorization } })).json()
    expect(items.map(({ slug }: { slug: string }) => slug)).toContain('default')
    expect(second.publicKey).toBe(relay.publicKey)
    await second.close()
  })

  test('gives a backup its name when it is whole, however the copying ends', async () => {
    const server = createServer((_, response) => void response.writeHead(200).write('half of a database'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const to = join(folder, 'interrupted')
    const child = leash.start(['backup', to, '--folder', join(folder, 'relay')], {
      LEASH_RELAY_URL: `http://127.0.0.1:${port}`,
      LEASH_RELAY_ADMIN_KEY: 'lk_any',
    })
    await until(() =>
      readdirSync(folder).some((name) => existsSync(join(folder, name, 'relay.db')) && name.startsWith('interrupted')),
    )
    child.kill('SIGINT')
    await once(child, 'close')
    server.closeAllConnections()
    server.close()
    expect(existsSync(to)).toBe(false)
    expect(await json('backup', `${to}/`, '--folder', join(folder, 'relay'))).toMatchObject({ to: `${to}/` })
    expect(readdirSync(to)).toContain('pepper')
  })

  test('tells programs what a relay refuses in its own words', async () => {
    const { code, stdout } = await leash(['usage', '--json'], { env: { ...env(), LEASH_RELAY_ADMIN_KEY: 'lk_wrong' } })
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'authentication_failed'])
  })

  test('copies what a relay had booked before it was killed', async () => {
    const [from, to] = [join(folder, 'killed'), join(folder, 'of-killed')]
    await (await startRelay({ port: 0, folder: from })).close()
    const args = ['backup', to, '--folder', from]
    writeFileSync(join(from, 'journal', '1-1-elsewhere-0.jsonl'), '{}')
    expect(await leash(args)).toMatchObject({ code: 0, stdout: expect.stringContaining('journal') })
    expect(readFileSync(join(to, 'journal', '1-1-elsewhere-0.jsonl'), 'utf8')).toBe('{}')
    expect(statSync(join(to, 'journal')).mode & 0o777).toBe(0o700)
  })

  test('checks a configuration, and compares it with another', async () => {
    const [one, other] = [join(folder, 'one.yaml'), join(folder, 'other.yaml')]
    writeFileSync(one, 'port: 1\nleash: { providers: { openai: { apiKey: sk-one } } }\n')
    writeFileSync(other, 'port: 2\nleash: { providers: { openai: { apiKey: sk-two } } }\n')
    expect(await leash(['config', 'validate', one])).toMatchObject({ code: 0, stdout: `${one} is a configuration.\n` })
    expect(await leash(['config', 'diff', one, '--against', other])).toEqual({
      code: 1,
      stderr: '',
      stdout: '- port: 2\n+ port: 1\n- leash.providers.openai.apiKey: <hidden>\n+ leash.providers.openai.apiKey: <hidden>\n',
    })
    expect(await leash(['config', 'diff', one, '--against', one])).toMatchObject({ code: 0 })
    const running = await leash(['config', 'diff', one], { env: env() })
    expect(running.stdout).toContain('- port: 0\n+ port: 1\n')
    expect(await json('config', 'schema')).toMatchObject({ title: 'leash.yaml' })
    writeFileSync(one, 'prot: 1\n')
    expect(await leash(['config', 'validate', one])).toMatchObject({ code: 2, stderr: expect.stringContaining('`prot`') })
  })

  test.each([
    [['tenants', 'paint', 'red'], 'There is no "tenants paint"'],
    [['config'], 'Write: leash config validate|diff|schema'],
    [['tenants', 'create'], 'leash tenants create SLUG'],
    [['keys', 'create'], '--tenant'],
    [['policy', 'rollback', '9'], 'no version 9'],
    [['policy', 'diff', '9'], 'no version 9'],
    [['users', '--tenant', 'nobody'], 'no such tenant'],
  ])('%j says what to do', async (args, said) => {
    const { code, stderr } = await leash(args, { env: env() })
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
  })

  test('lists all that there is, in however many pages it comes', async () => {
    const headers = { authorization: `Bearer ${env().LEASH_RELAY_ADMIN_KEY}` }
    const slugs = Array.from({ length: 120 }, (_, at) => `many-${at}`)
    for (const slug of slugs)
      await fetch(`${relay.url}/v1/admin/tenants`, { method: 'POST', headers, body: JSON.stringify({ slug }) })
    const listed = (await json('tenants')).map(({ slug }: { readonly slug: string }) => slug)
    expect(listed).toEqual(expect.arrayContaining(slugs))
    expect(await leash(['audit'], { env: env() })).toMatchObject({ code: 0, stderr: expect.stringContaining('--export') })
  })

  test('without a key, or without a relay, says what to do', async () => {
    expect((await leash(['tenants'])).stderr).toContain('LEASH_RELAY_ADMIN_KEY')
    const nobody = await leash(['tenants'], { env: { ...env(), LEASH_RELAY_URL: 'http://127.0.0.1:1' } })
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('leash relay') })
  })

  test('takes nobody else for the relay, and half of an answer for none', async () => {
    const proxy = createServer((request, response) => {
      if (request.method === 'POST' || request.url?.includes('tenants')) {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
        return
      }
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('{"seq":2}\n', () => response.destroy())
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo
    const asked = (...args: string[]) => leash(args, { env: { ...env(), LEASH_RELAY_URL: `http://127.0.0.1:${port}` } })
    for (const args of [['tenants'], ['tenants', 'create', 'red']])
      expect(await asked(...args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is no relay') })
    const broken = { code: 1, stderr: expect.stringContaining('There is no answer of a relay') }
    expect(await asked('audit', '--export', 'ndjson')).toMatchObject({ ...broken, stdout: '{"seq":2}\n' })
    const copy = join(folder, 'half')
    expect(await asked('backup', copy, '--folder', join(folder, 'relay'))).toMatchObject(broken)
    expect(existsSync(copy)).toBe(false)
    proxy.close()
  })
})

test('a relay goes on when nobody reads any more what it says', async () => {
  const config = join(folder, 'unread.yaml')
  writeFileSync(config, `port: 0\nfolder: ${join(folder, 'unread')}\n`)
  const child = leash.start(['relay', '--config', config, '--json'])
  let said = ''
  child.stdout?.on('data', (more) => {
    said += more
  })
  await until(() => said.includes('}'))
  const { url } = JSON.parse(said)
  child.stderr?.destroy()
  const changed = (staleMs: string) => {
    writeFileSync(config, `port: 0\nfolder: ${join(folder, 'unread')}\nstaleMs: ${staleMs}\n`)
    child.kill('SIGHUP')
  }
  changed('wrong')
  changed('5000')
  const asked = { headers: { authorization: `Bearer ${JSON.parse(said).admin}` } }
  const inForce = async () => (await (await fetch(`${url}/v1/admin/config`, asked)).json()).config.staleMs
  await until(async () => (await inForce()) === 5000)
  child.kill('SIGTERM')
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
})

test('a relay that is told to read its configuration while the file is empty keeps the one it has', async () => {
  const config = join(folder, 'emptied.yaml')
  writeFileSync(config, 'staleMs: 5000\n')
  const child = leash.start(['relay', '--config', config, '--port', '0', '--folder', join(folder, 'emptied'), '--json'])
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (more) => {
      said[name] += more
    })
  await until(() => said.stdout.includes('}'))
  writeFileSync(config, '')
  child.kill('SIGHUP')
  await until(() => said.stderr.includes('\n'))
  expect(said.stderr).toBe(`The configuration stays as it was: ${config} is empty.\n`)
  const { url, admin } = JSON.parse(said.stdout)
  const { config: inForce } = await (
    await fetch(`${url}/v1/admin/config`, { headers: { authorization: `Bearer ${admin}` } })
  ).json()
  expect(inForce.staleMs).toBe(5000)
  child.kill('SIGTERM')
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
})

test('a relay that is told to read its configuration while it is being loaded goes on', async () => {
  const hangsUp = `import { registerHooks } from 'node:module'
    registerHooks({ load: (url, context, next) => (url.includes('/citty/') && process.kill(process.pid, 'SIGHUP'), next(url, context)) })`
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hangsUp)}` }
  const child = leash.start(['relay', '--port', '0', '--folder', join(folder, 'early'), '--json'], env)
  let said = ''
  child.stdout?.on('data', (more) => {
    said += more
  })
  const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)))
  await Promise.race([until(() => said.includes('}')), ended])
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})
