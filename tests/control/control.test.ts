import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openControl, type RelayOptions } from '../../src/control/control.js'
import { linesOf } from './lines.js'
import { FakeRelay, key } from './relay.js'

let relay: FakeRelay
let folder: string
beforeEach(async () => {
  relay = await FakeRelay.start()
  relay.limits.set('day', 1000)
  folder = await mkdtemp(join(tmpdir(), 'leash-control-'))
})
afterEach(async () => {
  await relay.close()
  await rm(folder, { recursive: true })
})

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
const day = { key: 'day', limit: 1000 }

describe('a relay’s client', () => {
  it('asks nothing before it is needed, and then for the policy first', async () => {
    const control = openControl({ url: relay.url, key, folder })
    expect(relay.asked).toEqual([])
    expect(await control.ready()).toEqual(relay.bundle)
    expect(control.policy()).toEqual(relay.bundle)
    control.check()
    await control.close()
  })

  it('holds to leased budgets and tells what calls have cost until it is closed', async () => {
    const control = openControl({ url: relay.url, key, folder })
    await control.ready()
    const reserved = await control.budgets.reserve('budget', [day], 100, { ttlMs: 60_000 })
    if (!reserved.ok) expect.unreachable('it must be granted')
    await control.budgets.settle(reserved.reservation, 40)
    await control.sink(linesOf(3))
    await control.close()
    expect(relay.taken('day')).toBe(40)
    expect(relay.lines.size).toBe(3)
  })

  it('lets calls go on while the relay is away, as its policy says', async () => {
    relay.publish({ whenStale: 'open' })
    const warnings: string[] = []
    const control = openControl({ url: relay.url, key, folder: false }, { warn: (message) => warnings.push(message) })
    await control.ready()
    relay.fail = () => 'down'
    expect(await control.budgets.reserve('budget', [day], 100, { ttlMs: 60_000 })).toMatchObject({ ok: true })
    expect(warnings.join()).toContain('held to no shared budget')
    relay.fail = () => undefined
    await control.close()
  })

  it('keeps what is one key’s apart from what is another’s', async () => {
    const control = openControl({ url: relay.url, key, folder })
    await control.ready()
    await soon(async () => expect(await readdir(join(folder, (await readdir(folder))[0] ?? ''))).toContain('policy.json'))
    await control.close()
    relay.fail = () => 'down'
    await expect(openControl({ url: relay.url, key: 'another', folder }).ready()).rejects.toMatchObject({ code: 'overloaded' })
    const [first = ''] = await readdir(folder)
    expect(first).not.toContain(key)
  })

  it('takes up the lines that the one before could not deliver', async () => {
    const before = openControl({ url: relay.url, key, folder })
    await before.ready()
    relay.fail = ({ path }) => (path === '/v1/usage' ? 'down' : undefined)
    await before.sink(linesOf(5))
    await before.close()
    relay.fail = () => undefined
    const after = openControl({ url: relay.url, key, folder })
    await after.ready()
    await soon(() => expect(relay.lines.size).toBe(5))
    await after.close()
  })

  it('works without a folder where it cannot make one, and says so', async () => {
    await writeFile(join(folder, 'file'), '')
    const warnings: string[] = []
    const options: RelayOptions = { url: relay.url, key, folder: join(folder, 'file') }
    const control = openControl(options, { warn: (message) => warnings.push(message) })
    expect(await control.ready()).toEqual(relay.bundle)
    expect(warnings).toEqual([expect.stringContaining('relay.folder')])
    await control.close()
  })

  it('says at once what is wrong with its options', () => {
    expect(() => openControl({ url: 'http://relay.example.com', key })).toThrow(/^\[invalid_config\]/)
    expect(() => openControl({ url: relay.url, key: '' })).toThrow(/^\[missing_key\]/)
  })
})

describe('a program that never closes its leash', () => {
  let built: string
  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), 'leash-control-built-'))
    await build({
      entryPoints: ['control/control', 'ledger/ledger'].map((name) =>
        fileURLToPath(new URL(`../../src/${name}.ts`, import.meta.url)),
      ),
      outdir: built,
      entryNames: '[name]',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
    })
  })
  afterAll(() => rm(built, { recursive: true }))

  async function start(program: string): Promise<ChildProcessByStdio<null, Readable, null>> {
    const file = join(built, 'program.mjs')
    const options = JSON.stringify({ url: relay.url, key, folder })
    await writeFile(
      file,
      `import { openControl } from './control.mjs'
      import { Ledger } from './ledger.mjs'
      const control = openControl(${options}, { warn: console.log })
      const policy = await control.ready()
      ${program}`,
    )
    return spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  /** @returns what it said, once it has ended by itself */
  const run = async (program: string) => text((await start(program)).stdout)

  it('ends all the same, though it waits for the next policy, and has told what it has spent', async () => {
    const said = await run(`
      const { reservation } = await control.budgets.reserve('budget', [{ key: 'day', limit: 1000 }], 100, { ttlMs: 60_000 })
      control.budgets.settle(reservation, 40)
      control.sink(${JSON.stringify(linesOf(3))})
      console.log(policy.tenant)`)
    expect(said).toBe('red\n')
    expect(relay.taken('day')).toBe(40)
    expect(relay.lines.size).toBe(3)
  })

  it('ends also where the relay is away, and leaves its lines on disk', async () => {
    relay.fail = ({ path }) => (path === '/v1/usage' ? 'down' : undefined)
    await run(`control.sink(${JSON.stringify(linesOf(3))})`)
    expect(relay.lines.size).toBe(0)
    expect(await spooled()).toHaveLength(1)
  })

  it.each([
    ['has them', 'control.sink(lines)'],
    ['gets them only now', 'for (const line of lines) new Ledger([control.sink], {}, console.log).add(line)'],
  ])('leaves its lines on disk also where it is ended at once, and %s, for whoever comes next', async (_, book) => {
    await run(`
      const lines = ${JSON.stringify(linesOf(3))}
      ${book}
      process.exit()`)
    expect(relay.lines.size).toBe(0)
    const next = openControl({ url: relay.url, key, folder })
    await next.ready()
    await soon(() => expect(relay.lines.size).toBe(3))
    await next.close()
    expect(await spooled()).toEqual([])
  })

  it('leaves no half of a policy behind where it is ended at once', async () => {
    await run(`
      const { readdirSync } = await import('node:fs')
      const kept = () => readdirSync(${JSON.stringify(folder)}, { recursive: true }).some((name) => name.includes('policy.json'))
      while (!kept()) await new Promise((resolve) => setImmediate(resolve))
      process.exit()`)
    const [home = ''] = await readdir(folder)
    expect((await readdir(join(folder, home))).filter((name) => name.startsWith('policy'))).toEqual(['policy.json'])
  })

  it('leaves its lines to the next also when it is killed, and none counts twice', async () => {
    relay.fail = ({ path }) => (path === '/v1/usage' ? 'lost' : undefined)
    const child = await start(`control.sink(${JSON.stringify(linesOf(700))}); setInterval(() => {}, 1000)`)
    await soon(async () => expect((await readFile((await spooled())[0] ?? '', 'utf8')).split('\n')).toHaveLength(701))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const long = new Date(Date.now() - 61_000)
    for (const file of await spooled()) await utimes(file, long, long)
    relay.fail = () => undefined
    const next = openControl({ url: relay.url, key, folder })
    await next.ready()
    await soon(async () => expect(await spooled()).toEqual([]))
    expect(relay.lines.size).toBe(700)
    expect(relay.linesCome).toBeGreaterThan(700)
    await next.close()
  })

  async function spooled(): Promise<string[]> {
    const [home = ''] = await readdir(folder)
    const spool = join(folder, home, 'spool')
    const names = await readdir(spool).catch(() => [])
    return names.map((name) => join(spool, name))
  }
})
