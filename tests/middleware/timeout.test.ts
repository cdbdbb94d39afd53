/** Limits by provider, and the guard against slow streams, over sockets. */
import Anthropic from '@anthropic-ai/sdk'
import { APIConnectionTimeoutError } from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { createLeash, type LeashOptions, type Report, type SlowStream } from '../../src/leash.js'
import { type Fault, type MockUpstream, mockProviders, startMock } from '../../src/testing/index.js'
import { silent, until } from '../helpers/mock.js'
import { failureOf, lane, lanes, read } from '../transport/lanes.js'
import { asks, doors, send } from './asks.js'

/** They wait for clocks more than they compute, each before a mock of its own. */
const side = { concurrent: true }

const messages = [{ role: 'user' as const, content: 'one two three four five six seven eight' }]
const allLeft = ({ requests }: MockUpstream) => until(() => requests.every(({ outcome }) => outcome === 'aborted'))

/** About one token in 300 ms: eight events of some five characters. */
const slow: Fault = { chunkDelayMs: 300, when: ({ stream }) => stream, times: 1 }
/** More than the mock gives when it is slow, and less than it gives when it is not, but where the machine is busy. */
const guard: SlowStream = { tokensPerSecond: 25, windowMs: 400 }
const untilItIsNot = { attempts: 9, backoff: () => 0 }

/** The slow attempt, which is the first, and how the last one ended. */
function ends(report: Report | undefined) {
  const attempts = report?.attempts ?? []
  return [attempts[0]?.error, attempts.at(-1)?.outcome]
}

const texts = (text: string) => [...text.matchAll(/"content":"([^"]+)"/g)].map(([, word]) => word).join('')

describe('a limit that a program has not set', () => {
  // As JavaScript has it, and TypeScript without `exactOptionalPropertyTypes`.
  const unset = { attemptMs: undefined } as object

  test.each([
    ['of a call', { timeouts: { attemptMs: 200 } }, { timeouts: unset }],
    ['of a provider', { timeouts: { attemptMs: 200, providers: { openai: unset } } }, {}],
    ['of a client', { timeout: 200, timeouts: unset }, {}],
    ['of a call of a client', { timeout: 200 }, { timeouts: unset, maxRetries: undefined } as object],
  ])('leaves the others in force: %s', async (_, options, leash) => {
    await using mock = await startMock()
    const fetch = vi.fn(silent)
    const client = new LeashLLM({ providers: mockProviders(mock.url), maxRetries: 0, fetch, ...options })
    const asked = client.chat.completions.create({ model: 'gpt-4o-mini', messages }, { leash })
    await expect(asked).rejects.toThrow(APIConnectionTimeoutError)
    expect(fetch).toHaveBeenCalledTimes(1)
  })
})

describe('limits by provider', side, () => {
  const providers = { anthropic: { attemptMs: 200 } }

  test('hold for attempts at that provider, and for no other', async () => {
    await using mock = await startMock()
    mock.script({ hang: 'headers' })
    expect(await failureOf(lane(mock, 'claude-haiku-4-5', { timeouts: { providers } }).ask())).toBe('timeout')
    await allLeft(mock)
    mock.reset()
    mock.script({ latencyMs: 500 })
    expect((await lane(mock, 'gpt-4o-mini', { timeouts: { providers } }).ask()).status).toBe(200)
  })

  test('win over those for all', async () => {
    await using mock = await startMock()
    mock.script({ latencyMs: 500 })
    const timeouts = { attemptMs: 200, providers: { openai: { attemptMs: 10_000 } } }
    expect((await lane(mock, 'gpt-4o-mini', { timeouts }).ask()).status).toBe(200)
  })

  test('leave the limits of the other phases as they are', async () => {
    await using mock = await startMock()
    mock.script({ hang: { afterEvents: 1 } })
    const timeouts = { firstTokenMs: 200, providers: { anthropic: { attemptMs: 10_000 } } }
    expect(await failureOf(lane(mock, 'claude-haiku-4-5', { timeouts }).ask({ stream: true }))).toBe('timeout')
  })

  test('yield to those of a call', async () => {
    await using mock = await startMock()
    mock.script({ latencyMs: 500 })
    const client = new LeashLLM({ providers: mockProviders(mock.url), timeouts: { providers } })
    const model = 'claude-haiku-4-5'
    const answer = await client.chat.completions.create({ model, messages }, { leash: { timeouts: { attemptMs: 10_000 } } })
    expect(answer.leash?.provider).toBe('anthropic')
  })

  test('hold at each target of a fallback', async () => {
    await using mock = await startMock()
    mock.script({ hang: 'headers', when: ({ path }) => path === '/v1/messages' }, { latencyMs: 500 })
    const { ask, reports } = lane(mock, 'claude-haiku-4-5', { timeouts: { providers }, fallback: ['gpt-4o-mini'] })
    expect((await ask()).status).toBe(200)
    expect(reports[0]?.attempts).toMatchObject([{ error: 'timeout' }, { provider: 'openai', outcome: 'ok' }])
  })
})

describe('limits of the leash', side, () => {
  const timeouts = { attemptMs: 200 }
  const retry = false

  test('hold in a client whose user named no timeout', async () => {
    await using mock = await startMock()
    mock.script({ hang: 'headers' })
    const client = new LeashLLM({ providers: mockProviders(mock.url), apiKey: 'k', baseURL: `${mock.url}/v1`, timeouts, retry })
    await expect(client.chat.completions.create({ model: 'gpt-4o-mini', messages })).rejects.toThrow('timed out')
  })

  test('yield to the timeout that its user named', async () => {
    await using mock = await startMock()
    mock.script({ latencyMs: 500 })
    const client = new LeashLLM({ providers: mockProviders(mock.url), timeouts, retry, timeout: 10_000 })
    expect((await client.chat.completions.create({ model: 'gpt-4o-mini', messages })).choices).toHaveLength(1)
  })

  test('yield to the timeout of a request', async () => {
    await using mock = await startMock()
    mock.script({ latencyMs: 500 })
    const client = new LeashLLM({ providers: mockProviders(mock.url), timeouts, retry })
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }, { timeout: 10_000 })
    expect(answer.choices).toHaveLength(1)
  })

  test('hold in a wrapped client of another vendor', async () => {
    await using mock = await startMock()
    mock.script({ hang: 'headers' })
    const leash = createLeash({ timeouts, retry })
    const client = leash.wrap(new Anthropic({ apiKey: 'k', baseURL: mock.url }))
    const answer = client.messages.create({ model: 'claude-haiku-4-5', max_tokens: 99, messages })
    await expect(answer).rejects.toThrow('timed out')
  })
})

describe.each(lanes)('a slow stream, by %s,', side, (_, model) => {
  const guarded = (mock: MockUpstream, slowStream: SlowStream, more: LeashOptions = {}) =>
    lane(mock, model, { timeouts: { slowStream, providers: { mistral: { slowStream: false } } }, ...more })

  test('fails once it is under way, and its attempt is a timeout', async () => {
    await using mock = await startMock()
    mock.script(slow)
    const { ask, reports } = guarded(mock, guard)
    const response = await ask({ stream: true })
    const { text, error } = await read(response)
    expect(texts(text)).toMatch(/^Echo/)
    expect(`${error} ${text}`).toContain('fewer than 25 tokens per second')
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error', error: 'timeout', status: 200 }] }])
    await allLeft(mock)
  })

  test('that was held back is tried again, and nothing of it is seen', async () => {
    await using mock = await startMock()
    mock.script(slow)
    const { ask, reports } = guarded(mock, { ...guard, hold: true }, { retry: untilItIsNot })
    const { text } = await read(await ask({ stream: true }))
    expect(texts(text)).toBe(`Echo: ${messages[0]?.content}`)
    expect(text.match(/\[DONE\]/g)).toHaveLength(1)
    expect(ends(reports[0])).toEqual(['timeout', 'ok'])
  })

  test('that was held back is answered by another target', async () => {
    await using mock = await startMock()
    mock.script(slow)
    const { ask, reports } = guarded(mock, { ...guard, hold: true }, { fallback: ['mistral/mistral-small'] })
    expect(texts((await read(await ask({ stream: true }))).text)).toContain('eight')
    expect(reports[0]?.moves).toMatchObject([{ because: 'timeout' }])
  })

  test('that was held back fails as a timeout when nobody else can answer', async () => {
    await using mock = await startMock()
    mock.script(slow)
    expect(await failureOf(guarded(mock, { ...guard, hold: true }).ask({ stream: true }))).toBe('timeout')
    await allLeft(mock)
  })

  test('that the caller has begun to read is gone on with, where that is asked for', async () => {
    await using mock = await startMock()
    mock.script(slow)
    const { ask, reports } = guarded(mock, guard, { resume: true, fallback: ['mistral/mistral-small'] })
    const { text, error } = await read(await ask({ stream: true }))
    expect(error).toBeUndefined()
    expect(text.match(/\[DONE\]/g)).toHaveLength(1)
    expect(reports[0]?.moves).toMatchObject([{ because: 'timeout', resumed: 'continued' }])
    expect(reports[0]?.attempts).toMatchObject([{ error: 'timeout' }, { outcome: 'ok' }])
  })

  test('is let through by a guard that asks for less', async () => {
    await using mock = await startMock()
    mock.script({ chunkDelayMs: 150 })
    const { ask, reports } = guarded(mock, { tokensPerSecond: 1, windowMs: 1000, hold: true })
    expect(texts((await read(await ask({ stream: true }))).text)).toContain('eight')
    expect(reports).toMatchObject([{ attempts: [{ outcome: 'ok' }] }])
  })

  test('is not the vendor’s fault when the caller reads slowly', async () => {
    await using mock = await startMock()
    const { ask, reports } = guarded(mock, { tokensPerSecond: 40, windowMs: 100 })
    const response = await ask({ stream: true })
    for await (const _ of response.body ?? []) await new Promise((resolve) => setTimeout(resolve, 120))
    expect(reports).toMatchObject([{ attempts: [{ outcome: 'ok' }] }])
  })

  test('that fails while it is held back is a failure like any other before the content', async () => {
    await using mock = await startMock()
    mock.script({ ...slow, errorInStream: { status: 503, after: 4 } })
    const { ask, reports } = guarded(mock, { tokensPerSecond: 1, windowMs: 5000, hold: true }, { retry: { backoff: () => 0 } })
    expect(texts((await read(await ask({ stream: true }))).text)).toBe(`Echo: ${messages[0]?.content}`)
    expect(reports[0]?.attempts).toMatchObject([{ outcome: 'error' }, { outcome: 'ok' }])
  })

  test('that is cut while it is held back is tried again', async () => {
    await using mock = await startMock()
    mock.script({ cutAfter: { events: 4 } })
    const { ask, reports } = guarded(mock, { tokensPerSecond: 1000, windowMs: 5000, hold: true }, { retry: { backoff: () => 0 } })
    expect(texts((await read(await ask({ stream: true }))).text)).toBe(`Echo: ${messages[0]?.content}`)
    expect(reports[0]?.attempts).toHaveLength(2)
  })

  test('that the caller leaves while it is held back is left at once', async () => {
    await using mock = await startMock()
    mock.script({ hang: { afterEvents: 4 } })
    const controller = new AbortController()
    const { ask, reports } = guarded(mock, { tokensPerSecond: 1, windowMs: 60_000, hold: true })
    const answer = ask({ stream: true, signal: controller.signal })
    await until(() => mock.requests.length === 1)
    setTimeout(() => controller.abort(), 100)
    await expect(answer).rejects.toThrow()
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
    await allLeft(mock)
  })

  test('that the caller leaves is no failure', async () => {
    await using mock = await startMock()
    mock.script({ hang: { afterEvents: 4 } })
    const { ask, reports } = guarded(mock, { tokensPerSecond: 1, windowMs: 60_000 })
    const reader = (await ask({ stream: true })).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
  })
})

/** Alone, for it holds up all that run beside it. */
describe.each(lanes)('a slow stream, by %s,', (_, model) => {
  test('is not the vendor’s fault when the process was held up itself', async () => {
    await using mock = await startMock()
    mock.script({ chunkDelayMs: 20 })
    const { ask, reports } = lane(mock, model, { timeouts: { slowStream: { tokensPerSecond: 5, windowMs: 200 } } })
    const response = await ask({ stream: true })
    let chunks = 0
    // While the next one is waited for.
    const holdUp = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
    for await (const _ of response.body ?? []) if (++chunks === 3) setTimeout(holdUp, 5)
    expect(reports).toMatchObject([{ attempts: [{ outcome: 'ok' }] }])
  })
})

test('one provider’s streams may be spared, and one call’s', side, async () => {
  await using mock = await startMock()
  const timeouts = { slowStream: { ...guard, hold: true }, providers: { openai: { slowStream: false } } } as const
  const client = new LeashLLM({ providers: mockProviders(mock.url), timeouts, retry: false })
  const words = async (model: string, leash = {}) => {
    mock.script(slow)
    let said = ''
    const stream = await client.chat.completions.create({ model, messages, stream: true }, { leash })
    for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? ''
    return said
  }
  expect(await words('gpt-4o-mini')).toContain('eight')
  expect(await words('claude-haiku-4-5', { timeouts: { slowStream: false } })).toContain('eight')
  await expect(words('claude-haiku-4-5')).rejects.toThrow('timed out')
})

test('a call may ask for the guard where the leash does not', side, async () => {
  await using mock = await startMock()
  mock.script(slow)
  const client = new LeashLLM({ providers: mockProviders(mock.url), retry: false })
  const leash = { timeouts: { slowStream: { ...guard, hold: true } } }
  const answer = client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }, { leash })
  await expect(answer).rejects.toThrow('timed out')
})

describe.each(asks)('in $protocol', side, (ask) => {
  test.each(doors)('a held stream that is slow is tried again, by %s', async (door) => {
    await using mock = await startMock()
    mock.script(slow)
    const leash = createLeash({
      providers: mockProviders(mock.url),
      timeouts: { slowStream: { ...guard, hold: true } },
      retry: untilItIsNot,
    })
    const reports: Report[] = []
    leash.on('result', (report) => reports.push(report))
    const response = await send(leash, door, mock.url, ask.request('one two three four five six seven eight', true))
    expect(response.status).toBe(200)
    expect((await read(response)).error).toBeUndefined()
    await until(() => reports.length === 1)
    expect(ends(reports[0])).toEqual(['timeout', 'ok'])
  })
})
