import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLeash, type LeashOptions, type Probe } from '../src/leash.js'
import { Probes } from '../src/probes.js'
import { openai } from '../src/providers/openai.js'
import { mockProviders, startMock } from '../src/testing/index.js'
import { until } from './helpers/mock.js'

/** One for each test: a probe that was under way at the end of one would take the fault that the next has asked for. */
let mock: Awaited<ReturnType<typeof startMock>>
const probed = () => mock.requests.filter(({ method }) => method === 'GET')

/** A leash that probes, and the first probe of each of its providers. */
async function probing(options: Partial<LeashOptions> = {}) {
  const leash = createLeash({ providers: mockProviders(mock.url), health: true, ...options })
  const seen: (Probe & { provider: string })[] = []
  leash.on('probe', (probe) => seen.push(probe))
  return { leash, seen, of: (name: string) => leash.health().providers.find((provider) => provider.name === name) }
}

beforeEach(async () => {
  mock = await startMock()
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await mock.close()
})

describe('probes', () => {
  it('are off by default', async () => {
    const leash = createLeash({ providers: mockProviders(mock.url) })
    await until(() => leash.health().providers.length > 0)
    expect(leash.health().providers.every((provider) => !('probe' in provider))).toBe(true)
    await leash.close()
    expect(probed()).toEqual([])
  })

  it('ask every provider that is ready and can be asked, with its key', async () => {
    const { leash, of, seen } = await probing()
    await until(() => seen.length === 6)
    expect(seen.map(({ provider }) => provider).sort()).toEqual(['anthropic', 'azure', 'google', 'groq', 'mistral', 'openai'])
    expect(seen.every(({ ok, status }) => ok && status === 200)).toBe(true)
    expect(of('openai')).toEqual({
      name: 'openai',
      ready: true,
      probe: { ok: true, status: 200, at: expect.any(Number), latencyMs: expect.any(Number) },
    })
    expect(of('bedrock')).toEqual({ name: 'bedrock', ready: true })
    await leash.close()
  })

  it('take as long as they take, whatever the clock is set to meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { leash, seen } = await probing({
      fetch(url, init) {
        vi.setSystemTime(Date.now() - 3_600_000)
        return fetch(url, init)
      },
    })
    await until(() => seen.length === 6)
    await leash.close()
    expect(seen.filter(({ latencyMs }) => latencyMs < 0)).toEqual([])
  })

  it('are repeated until the leash is closed', async () => {
    const { leash, seen } = await probing({ health: { intervalMs: 10, providers: { openai: {} } } })
    await until(() => seen.length >= 3)
    await leash.close()
    const { length } = seen
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(seen).toHaveLength(length)
  })

  it('go to the providers and paths that the options name, each at its own pace', async () => {
    const providers = { openai: { path: '/models/gpt-4o-mini', intervalMs: 10 }, groq: {} }
    const { leash, seen } = await probing({ health: { providers } })
    await until(() => seen.length >= 4)
    await leash.close()
    const paths = probed().map(({ path }) => path)
    expect(new Set(paths)).toEqual(new Set(['/v1/models/gpt-4o-mini', '/v1/models']))
    expect(paths.filter((path) => path === '/v1/models')).toHaveLength(1)
  })

  it.each([
    [{ status: 401 }, { ok: false, status: 401, error: 'It answered 401. See to its key.' }],
    [{ status: 404 }, { ok: false, status: 404, error: 'It answered 404. Give it another `path`.' }],
    [{ status: 503 }, { ok: false, status: 503, error: 'It answered 503.' }],
    [{ reset: true }, { ok: false, error: expect.stringMatching(/^The connection failed: \w+\.$/) }],
    [{ hang: 'headers' }, { ok: false, error: 'There was no answer within 50 ms.' }],
  ] as const)('tell what is wrong: %j', async (fault, found) => {
    mock.script(fault)
    const timeoutMs = 'hang' in fault ? 50 : 10_000
    const { leash, seen } = await probing({ health: { timeoutMs, providers: { openai: {} } } })
    await until(() => seen.length > 0)
    expect(seen[0]).toEqual({ provider: 'openai', at: expect.any(Number), latencyMs: expect.any(Number), ...found })
    await leash.close()
  })

  it('do not heap up on a provider that hangs', async () => {
    mock.script({ hang: 'headers' })
    const { leash, seen } = await probing({ health: { intervalMs: 5, timeoutMs: 200, providers: { openai: {} } } })
    let sent: number | undefined
    leash.on('probe', () => (sent ??= probed().length))
    await until(() => seen.length > 0)
    expect([seen[0]?.ok, sent]).toEqual([false, 1])
    await leash.close()
  })

  it('say what is missing, and send nothing, where there is no key', async () => {
    const { leash, seen } = await probing({ providers: { openai: {} }, health: { providers: { openai: {} } } })
    await until(() => seen.length > 0)
    expect(seen[0]).toMatchObject({ ok: false, error: expect.stringContaining('OPENAI_API_KEY') })
    await leash.close()
  })

  it('are refused for a provider that is unknown or cannot be asked', () => {
    expect(() => createLeash({ health: { providers: { opnai: {} } } })).toThrow('names no provider')
    expect(() => createLeash({ health: { providers: { bedrock: {} } } })).toThrow('nothing to be asked for free')
  })

  it('are made when somebody looks, on a host without timers', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { leash, seen, of } = await probing({ health: { intervalMs: 60_000, providers: { openai: {} } } })
    await until(() => {
      of('openai')
      return seen.length > 0
    })
    expect(of('openai')?.probe?.ok).toBe(true)
    expect(probed()).toHaveLength(1)
    await leash.close()
  })

  it('give back the key that they took of several', async () => {
    const done = vi.fn()
    const key = { name: 'key 1', failed: () => undefined, done }
    const provider = { ...openai(), probe: (path = 'models') => ({ url: `${mock.url}/v1/${path}`, headers: {}, key }) }
    const probes = new Probes([provider], {}, { transport: fetch })
    mock.script({ reset: true })
    expect((await probes.ask(provider)).ok).toBe(false)
    expect(done).toHaveBeenCalledTimes(1)
    await probes.ask(provider)
    expect(done).toHaveBeenCalledTimes(2)
    probes.close()
  })
})
