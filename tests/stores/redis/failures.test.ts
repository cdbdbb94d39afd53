import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Limit, Store } from '../../../src/core/store.js'
import { type RedisOptions, redis } from '../../../src/stores/redis.js'
import { hasRedis, type RedisServer, startRedis } from '../../helpers/redis.js'
import { bundled } from './bundled.js'

const limit: Limit = { key: 'k', algorithm: 'fixed-window', limit: 5, windowMs: 1e11, amount: 1 }
const scopes = [{ key: 'k', limit: 100 }]
const run = promisify(execFile)
const overloaded = { code: 'overloaded', status: 503, retryable: true }

const open: { stop(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
})

function aStore(options: RedisOptions): Store {
  const store = redis(options)
  open.unshift({ stop: () => store.close() })
  return store
}

/** Accepts connections and never says a word. */
async function silentServer(): Promise<string> {
  const server = createServer((socket) => open.unshift({ stop: () => socket.destroy() }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ stop: () => server.close() })
  return `redis://:secret@127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Nobody listens there. */
async function deadUrl(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `redis://:secret@127.0.0.1:${port}`
}

describe.each([
  ['is not there', deadUrl],
  ['never answers', silentServer],
])('a server that %s', (_, urlOf) => {
  it('has no value, takes none, and breaks no call for that', async () => {
    const store = aStore({ url: await urlOf(), timeoutMs: 50 })
    expect(await store.get('k')).toBeUndefined()
    await store.set('k', 'v')
    expect(await store.stats()).toEqual({ hits: 0, misses: 1 })
  })

  it('refuses what is limited, unless it is to fail open', async () => {
    const url = await urlOf()
    const closed = aStore({ url, timeoutMs: 50 })
    await expect(closed.take('s', [limit])).rejects.toMatchObject(overloaded)
    await expect(closed.reserve('s', scopes, 5, { ttlMs: 1000 })).rejects.toMatchObject(overloaded)
    const openStore = aStore({ url, timeoutMs: 50, fail: 'open' })
    expect(await openStore.take('s', [limit])).toMatchObject({ ok: true, states: [] })
    const reserved = await openStore.reserve('s', scopes, 5, { ttlMs: 1000 })
    if (!reserved.ok) throw new Error('refused')
    await openStore.settle(reserved.reservation, 3)
    await openStore.release(reserved.reservation)
  })

  it('says so where it must be known that something is done, and never what the password is', async () => {
    const store = aStore({ url: await urlOf(), timeoutMs: 50, fail: 'open' })
    for (const asked of [() => store.delete('k'), () => store.clear(''), () => store.read('s', 'k')]) {
      const error: unknown = await Promise.resolve(asked()).catch((error: unknown) => error)
      expect(error).toMatchObject(overloaded)
      expect(String(error)).not.toContain('secret')
    }
  })

  it('is told of to whoever wants to know', async () => {
    const onError = vi.fn()
    const store = aStore({ url: await urlOf(), timeoutMs: 50, fail: 'open', onError })
    await store.get('k')
    await store.take('s', [limit])
    await store.adjust('s', [limit], Date.now())
    expect(onError).toHaveBeenCalledTimes(3)
  })
})

it('without ioredis, the first use says what to install, also where the store is to fail open', async () => {
  const program = await bundled(
    `import { redis } from './src/stores/redis.js'
     const store = redis({ fail: 'open' })
     for (const use of [() => store.get('k'), () => store.take('s', [])]) await use().catch((error) => console.log(error.message))`,
    tmpdir(),
  )
  open.push({ stop: program.remove })
  const { stdout } = await run(process.execPath, [program.file])
  expect(stdout.match(/\[missing_dependency\].*npm i ioredis/g)).toHaveLength(2)
})

it('refuses a client whose keys get a prefix that scripts and scans do not agree on', () => {
  const client = new Redis({ lazyConnect: true, keyPrefix: 'mine:' })
  expect(() => redis({ client })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  client.disconnect()
})

it('is not connected to by each call that finds it away', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ stop: () => server.close() })
  const store = aStore({ url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` })
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  for (const tried of [1, 2]) {
    for (let call = 0; call < 5; call++) await expect(store.take('s', [limit])).rejects.toMatchObject(overloaded)
    expect(connections).toBe(tried)
    vi.advanceTimersByTime(1000)
    // Whoever sets the clock back does not make it wait for longer.
    vi.setSystemTime(Date.now() - 3_600_000)
  }
})

describe.skipIf(!hasRedis)('a server that comes and goes', () => {
  async function aServer(): Promise<RedisServer> {
    const server = await startRedis()
    open.push(server)
    return server
  }

  it('is found again by the next call that needs it', async () => {
    const first = await aServer()
    const store = aStore({ url: first.url, timeoutMs: 1000 })
    expect(await store.take('s', [limit])).toMatchObject({ ok: true })
    await first.stop()
    await expect(store.take('s', [limit])).rejects.toMatchObject(overloaded)
    open.push(await startRedis('--port', String(first.port)))
    await vi.waitFor(async () => expect(await store.take('s', [limit])).toMatchObject({ ok: true }), { timeout: 10_000 })
  })

  it('knows a script again that it has forgotten', async () => {
    const server = await aServer()
    const store = aStore({ url: server.url })
    await store.take('s', [limit])
    const admin = new Redis(server.url)
    open.unshift({ stop: () => admin.disconnect() })
    await admin.script('FLUSH')
    expect(await store.take('s', [limit])).toMatchObject({ ok: true, states: [{ remaining: 3 }] })
  })

  it('that answers too late has taken nothing from a limit, and gives back nothing that it refused', async () => {
    const server = await aServer()
    const store = aStore({ url: server.url, timeoutMs: 1000 })
    expect(await store.take('s', [limit])).toMatchObject({ states: [{ remaining: 4 }] })
    server.freeze()
    const take = (amount: number) => expect(store.take('s', [{ ...limit, amount }])).rejects.toMatchObject(overloaded)
    await Promise.all([take(5), take(4)])
    server.thaw()
    await vi.waitFor(async () => {
      expect(await store.take('s', [{ ...limit, amount: 0 }])).toMatchObject({ states: [{ remaining: 4 }] })
    }, 10_000)
  })

  it.each([
    ['', async () => {}],
    [
      ' where it has forgotten how',
      async (store: Store, admin: Redis) => {
        await admin.script('FLUSH')
        await store.release({ id: 'known', space: 's', keys: ['k'], amount: 1, expired: 'spent' })
      },
    ],
  ])('that answers too late leaves no money set aside%s', async (_, forget) => {
    const server = await aServer()
    const store = aStore({ url: server.url, timeoutMs: 1000 })
    const admin = new Redis(server.url)
    open.unshift({ stop: () => admin.disconnect() })
    await store.reserve('s', scopes, 0, { ttlMs: 60_000 })
    await forget(store, admin)
    server.freeze()
    await expect(store.reserve('s', scopes, 60, { ttlMs: 60_000 })).rejects.toMatchObject(overloaded)
    server.thaw()
    const whole = async () => expect(await store.reserve('s', scopes, 100, { ttlMs: 60_000 })).toMatchObject({ ok: true })
    await vi.waitFor(whole, 10_000)
  })

  it('works through a client of the caller, which stays open', async () => {
    const server = await aServer()
    const client = new Redis(server.url)
    open.unshift({ stop: () => client.disconnect() })
    const store = redis({ client, prefix: 'mine' })
    expect(await store.take('s', [limit])).toMatchObject({ ok: true })
    await store.set('k', 'v')
    await store.close()
    expect(await client.get('mine:v:k')).toBe('sv')
    expect(await client.keys('*')).toEqual(expect.arrayContaining([expect.stringMatching(/^\{mine%3As\}:l:/)]))
    expect((await client.keys('*')).every((key) => /^\{?mine/.test(key))).toBe(true)
  })

  it('shows every key of a limit and of a budget that ends with a time to live', async () => {
    const server = await aServer()
    const store = aStore({ url: server.url })
    for (const algorithm of ['token-bucket', 'fixed-window', 'sliding-window'] as const)
      await store.take('s', [{ ...limit, algorithm, windowMs: 60_000 }])
    await store.reserve('s', [{ key: 'k', limit: 5, endsAt: Date.now() + 1000 }], 1, { ttlMs: 1000 })
    const client = new Redis(server.url)
    open.unshift({ stop: () => client.disconnect() })
    const keys = await client.keys('*')
    expect(keys).toHaveLength(5)
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0)
  })

  it('keeps no program from ending', async () => {
    const server = await aServer()
    const program = await bundled(`
      import { redis } from './src/stores/index.js'
      const store = redis({ url: process.argv[2] })
      await store.set('k', 'v')
      console.log(await store.get('k'))
    `)
    open.push({ stop: program.remove })
    const { stdout } = await run(process.execPath, [program.file, server.url], { timeout: 15_000 })
    expect(stdout.trim()).toBe('v')
  })
})
