/** The circuit breaker and what is told of it, in whole stacks over sockets. */
import { describe, expect, it } from 'vitest'
import { LeashLLM } from '../src/index.js'
import { createLeash, type Leash, type LeashOptions } from '../src/leash.js'
import { mockProviders } from '../src/testing/index.js'
import { useMock } from './helpers/mock.js'
import { failureOf, lane, lanes, read } from './transport/lanes.js'

const mock = useMock()
const down = { status: 500, times: 99 }
const trip = { circuitBreaker: { consecutive: 2 } }

describe.each(lanes)('in the lane of %s', (_, model) => {
  it.each([false, true])('an open breaker keeps calls from a dead target (stream: %s)', async (stream) => {
    const { leash, ask, reports } = lane(mock, model, trip)
    mock.script(down)
    for (const _ of [1, 2]) expect((await ask({ stream })).status).toBe(500)
    const { status, headers } = await ask({ stream })
    expect([status, headers.get('x-leash-error')]).toEqual([503, 'circuit_open'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect([mock.requests.length, reports.at(-1)?.attempts]).toEqual([2, []])
    expect(leash.health().targets).toMatchObject([{ target: expect.stringContaining(model), state: 'open', failures: 2 }])
    await leash.close()
  })

  it('a stream that is cut counts against its target', async () => {
    const { leash, ask } = lane(mock, model, trip)
    mock.script({ cutAfter: { events: 4 }, times: 2 })
    for (const _ of [1, 2]) await read(await ask({ stream: true }))
    expect(leash.health().targets).toMatchObject([{ state: 'open', failures: 2 }])
    await leash.close()
  })

  it('a stream that is read to its end counts for it, and one that is left for nothing', async () => {
    const { leash, ask } = lane(mock, model, trip)
    await read(await ask({ stream: true }))
    const left = await ask({ stream: true })
    await left.body?.cancel()
    expect(leash.health().targets).toMatchObject([{ state: 'closed', calls: 1, failures: 0 }])
    await leash.close()
  })
})

describe('with a fallback', () => {
  const ask = (leash: Leash) =>
    leash.fetch(`${mock.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer caller' },
      body: JSON.stringify({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
    })
  const made = (options: LeashOptions) =>
    createLeash({ providers: mockProviders(mock.url), retry: false, fallback: ['anthropic/claude-haiku-4-5'], ...options })
  const hosts = () => mock.requests.map(({ path }) => path)

  it('a dead target is passed over without being asked', async () => {
    const leash = made(trip)
    mock.script({ ...down, when: ({ path }) => path.includes('chat') })
    for (const _ of [1, 2, 3]) expect((await ask(leash)).status).toBe(200)
    expect(hosts().filter((path) => path.includes('chat'))).toHaveLength(2)
    expect(hosts().filter((path) => path.includes('messages'))).toHaveLength(3)
    await leash.close()
  })

  it('a target that asked for a pause is passed over until then', async () => {
    const leash = made({})
    mock.script({ status: 429, retryAfter: 20, when: ({ path }) => path.includes('chat') })
    for (const _ of [1, 2, 3]) expect((await ask(leash)).status).toBe(200)
    expect(hosts().filter((path) => path.includes('chat'))).toHaveLength(1)
    expect(leash.health().targets).toMatchObject([{ state: 'closed' }, { state: 'closed' }])
    await leash.close()
  })

  it.each([
    ['fail', 4, 503],
    ['least-bad', 5, 500],
  ] as const)('when all are dead, the option %s decides', async (whenAllOpen, requests, status) => {
    const leash = made({ circuitBreaker: { consecutive: 2, whenAllOpen } })
    mock.script(down)
    for (const _ of [1, 2]) await ask(leash)
    expect((await ask(leash)).status).toBe(status)
    expect(mock.requests).toHaveLength(requests)
    await leash.close()
  })
})

describe('leash.health()', () => {
  it('tells which providers are ready, and what the others lack', async () => {
    const leash = createLeash({ providers: { openai: { apiKey: 'key' }, anthropic: {} } })
    expect(leash.health()).toEqual({
      targets: [],
      providers: [
        { name: 'openai', ready: true },
        { name: 'anthropic', ready: false, missing: expect.stringContaining('ANTHROPIC_API_KEY') },
      ],
    })
    await leash.close()
  })

  it('is shared by the clients that withOptions() makes', async () => {
    const client = new LeashLLM({ apiKey: 'key', baseURL: `${mock.url}/v1`, maxRetries: 0, ...trip })
    mock.script(down)
    const ask = (asked: LeashLLM) =>
      asked.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
    await expect(ask(client)).rejects.toMatchObject({ status: 500 })
    await expect(ask(client.withOptions({ timeout: 9999 }))).rejects.toMatchObject({ status: 500 })
    await expect(ask(client)).rejects.toMatchObject({ status: 503, code: 'circuit_open' })
    const { host } = new URL(mock.url)
    expect(client.leash.health().targets).toMatchObject([{ target: `openai/gpt-4o-mini@${host}`, state: 'open' }])
  })
})

describe('leash.breaker()', () => {
  it('holds a target open, and lets go of it', async () => {
    const { leash, ask } = lane(mock, 'anthropic/claude-haiku-4-5')
    await leash.breaker('anthropic/claude-haiku-4-5', 'open')
    expect(await failureOf(ask())).toBe('circuit_open')
    expect(leash.health().targets).toMatchObject([{ target: 'anthropic/claude-haiku-4-5', state: 'open', forced: 'open' }])
    await leash.breaker('anthropic/claude-haiku-4-5', 'auto')
    expect((await ask()).status).toBe(200)
    await leash.close()
  })

  it('refuses a name that is no provider’s, a state that it does not know, and a leash without breakers', async () => {
    const leash = createLeash()
    await expect(leash.breaker('antropic/claude', 'open')).rejects.toMatchObject({ code: 'invalid_config' })
    const ajar: string = 'ajar'
    await expect(leash.breaker('anthropic', ajar as 'open')).rejects.toThrow('`open` or `closed`')
    await expect(createLeash({ circuitBreaker: false }).breaker('openai', 'open')).rejects.toThrow('`circuitBreaker` is false')
  })
})

it('circuitBreaker: false lets every call try', async () => {
  const { leash, ask } = lane(mock, 'gpt-4o-mini', { circuitBreaker: false })
  mock.script(down)
  for (let call = 0; call < 12; call++) expect((await ask()).status).toBe(500)
  expect(leash.health().targets).toEqual([])
  await leash.close()
})
