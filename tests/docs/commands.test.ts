/** Every command that a reader may copy is run by a shell, in a folder with the files that it names, before mock vendors and a relay. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Offline, startOffline } from '../../scripts/offline.ts'
import { onPath } from '../helpers/programs.js'
import { root } from '../helpers/source.js'
import { blocksOf } from './blocks.js'

const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const pages = [...globSync(['README.md', 'docs/**/*.md'], { cwd: root })].sort()
const commands = pages
  .flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')))
  .filter(({ language }) => language === 'sh')

const folder = mkdtempSync(join(tmpdir(), 'leashllm-commands-'))
const programs = join(folder, 'bin')
const password = 'correct horse battery staple'
let offline: Offline
let relay: {
  readonly url: string
  readonly admin: string
  readonly call: string
  readonly folder: string
  readonly child: ChildProcess
}
/** A call that the policy has refused. */
let refused: string

beforeAll(async () => {
  offline = await startOffline()
  mkdirSync(programs)
  program('npx', `test "$1" = leash && shift && exec '${process.execPath}' '${join(root, manifest.bin.leash)}' "$@"`)
  // This is no place to install: what is asked of it is only looked at.
  program('npm', 'exit 0')
  // Of itself it takes a refusal for an answer.
  program('curl', `exec '${onPath('curl')}' --fail-with-body --silent --show-error "$@"`)
  const place = workshop()
  const child = start('npx leash relay --json', place)
  relay = { ...JSON.parse(await firstWordsOf(child)), folder: join(place, '.leash'), child }
  refused = await refusedCall()
})
afterAll(async () => {
  await ended(relay.child)
  await offline.mock.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a command in the documentation is one that works', () => {
  for (const { at, code, reason, lasts } of commands) {
    const missing = ['curl', 'openssl'].find((name) => code.includes(`${name} `) && !onPath(name))
    const why = reason ?? (missing && `there is no ${missing} here`)
    if (why === undefined) test(at, () => (lasts ? untilItIsThere(code) : toItsEnd(code)))
    else {
      console.warn(`NOT RUN: ${at}: ${why}`)
      test.skip(`${at} (${why})`, () => {})
    }
  }
})

async function toItsEnd(code: string): Promise<void> {
  for (const line of code.split('\n')) checkNpm(line)
  if (code.includes('search') && !code.includes('tenants create')) await search()
  const shell = run('sh', ['-euc', here(code)], { cwd: workshop(), env: environment() })
  await shell.catch(({ stderr, stdout }) => expect.fail(`${stderr}\n${stdout}`))
}

/** It says where it is, and ends well when it is asked to. */
async function untilItIsThere(code: string): Promise<void> {
  const child = start(here(code))
  expect(await firstWordsOf(child)).toContain('http://127.0.0.1:')
  await ended(child)
}

function start(command: string, place = workshop()): ChildProcess {
  return spawn('sh', ['-c', `exec ${command}`], {
    cwd: place,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function firstWordsOf({ stdout }: ChildProcess): Promise<string> {
  const [words] = stdout ? await once(stdout, 'data') : []
  return String(words)
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
}

function checkNpm(line: string): void {
  const [, verb, rest = ''] = /^npm (i|install|run)\b([^#]*)/.exec(line) ?? []
  const words = rest.split(' ').filter((word) => word !== '' && !word.startsWith('-'))
  const known = [manifest.name, ...Object.keys({ ...manifest.peerDependencies, ...manifest.devDependencies })]
  if (verb === 'run') expect(manifest.scripts, line).toHaveProperty([words[0] ?? ''])
  else if (verb !== undefined) expect(known, line).toEqual(expect.arrayContaining(words))
}

/** What stands in the documentation for what is on the reader's machine. */
function here(code: string): string {
  const meant = [
    ['http://127.0.0.1:4000', relay.url],
    ['/var/lib/leash', relay.folder],
    ['call_ep6mkgu37fy7eumd000002', refused],
    ['ada@example.com", "password": "…"', `grace@example.com", "password": "${password}"`],
    ['sk-…', 'sk-test-0123456789'],
    ['--port 4000', '--port 0'],
    ['--port 4010', '--port 0'],
  ] as const
  return meant.reduce((text, [written, value]) => text.replaceAll(written, value), code)
}

function workshop(): string {
  const place = mkdtempSync(join(folder, 'workshop-'))
  const put = (name: string, text: string) => writeFileSync(join(place, name), text)
  put('policy.yaml', 'budgets:\n  - limit: { usd: 50 }\n    per: day\n')
  put('openai.key', 'sk-test-0123456789\n')
  put('leash.yaml', 'port: 0\n')
  put('old.yaml', 'port: 0\n')
  copyFileSync(join(root, 'tests/fixtures/tls/client.pem'), join(place, 'client.pem'))
  mkdirSync(join(place, 'modules'))
  put('modules/no-codenames.js', 'export default {}\n')
  return place
}

function environment(): NodeJS.ProcessEnv {
  const path = [programs, process.env.PATH].join(delimiter)
  const asked = relay && { LEASH_RELAY_URL: relay.url, LEASH_RELAY_KEY: relay.call, LEASH_RELAY_ADMIN_KEY: relay.admin }
  return { PATH: path, HOME: folder, NO_COLOR: '1', ...offline.env, ...asked }
}

function program(name: string, does: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 })
}

async function ask(method: string, path: string, body: unknown, key = relay.admin): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return fetch(relay.url + path, { method, headers, body: JSON.stringify(body) })
}

/** A tenant that is there, and somebody in it. */
async function search(): Promise<void> {
  await ask('POST', '/v1/admin/tenants', { slug: 'search' })
  await ask('POST', '/v1/admin/tenants/search/users', { id: 'grace', email: 'grace@example.com' })
  await ask('PUT', '/v1/admin/tenants/search/users/grace/password', { password })
}

async function refusedCall(): Promise<string> {
  const path = '/v1/admin/tenants/default/policy'
  await ask('PUT', path, { access: { models: { deny: ['gpt-5-pro'] } } })
  const request = { model: 'gpt-5-pro', messages: [{ role: 'user', content: 'Hello' }] }
  const { headers } = await ask('POST', '/v1/chat/completions', request, relay.call)
  return headers.get('x-leash-id') ?? ''
}
