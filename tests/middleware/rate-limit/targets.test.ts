/** Limits of a provider or a model, for calls that come there by a route or a fallback. */
import { expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../../src/leash.js'
import type { RateLimit } from '../../../src/middleware/rate-limit/options.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'

const mock = useMock()

const [openaiModel, groqModel] = ['gpt-4o-mini', 'llama-3.3-70b']

const open = (limits: readonly RateLimit[], options: LeashOptions = {}) =>
  createLeash({
    providers: mockProviders(mock.url),
    fallback: [`groq/${groqModel}`],
    routes: { best: { targets: [`openai/${openaiModel}`, { model: `groq/${groqModel}`, quality: 9 }], prefer: 'quality' } },
    circuitBreaker: false,
    retry: false,
    rateLimit: limits,
    ...options,
  })

async function ask(leash: Leash, model: string): Promise<Response> {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 10 })
  const response = await leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
  await response.text()
  return response
}

async function statuses(leash: Leash, model: string, count: number): Promise<number[]> {
  const all: number[] = []
  for (let call = 0; call < count; call++) all.push((await ask(leash, model)).status)
  return all
}

const asked = (model: string) => mock.requests.filter((request) => request.model === model).length
const openaiFails = () => mock.script({ when: ({ model }) => model === openaiModel, status: 500 })

test.each<[string, RateLimit]>([
  ['of a provider', { limit: { requests: 1 }, per: 'hour', when: { providers: 'groq' } }],
  ['of a model', { limit: { requests: 1 }, per: 'hour', when: { models: 'llama-*' } }],
  ['of each provider', { limit: { requests: 1 }, per: 'hour', by: 'provider' }],
  ['of each model', { limit: { requests: 1 }, per: 'hour', by: 'model' }],
])('a limit %s holds for calls that a fallback sends there', async (_, limit) => {
  const leash = open([limit])
  openaiFails()
  expect(await statuses(leash, `openai/${openaiModel}`, 1)).toEqual([200])
  expect(await statuses(leash, `openai/${openaiModel}`, 3)).not.toContain(200)
  expect(await statuses(leash, `groq/${groqModel}`, 1)).toEqual([429])
  expect(asked(groqModel)).toBe(1)
  await leash.close()
})

test.each<[string, RateLimit]>([
  ['of a provider', { limit: { requests: 1 }, per: 'hour', when: { providers: 'groq' } }],
  ['of a model', { limit: { requests: 1 }, per: 'hour', when: { models: `groq/${groqModel}` } }],
  ['of each provider', { limit: { requests: 1 }, per: 'hour', by: 'provider' }],
  ['of each model', { limit: { requests: 1 }, per: 'hour', by: 'model' }],
])('a limit %s holds for calls that a route sends there, and for no others', async (_, limit) => {
  const leash = open([limit], { fallback: {} })
  expect(await statuses(leash, 'best', 3)).toEqual([200, 429, 429])
  expect(asked(groqModel)).toBe(1)
  expect(await statuses(leash, `openai/${openaiModel}`, 1)).toEqual([200])
  await leash.close()
})

test('a call that a limit of its target refuses goes on to the next one', async () => {
  const leash = open([{ limit: { requests: 1 }, per: 'hour', when: { providers: 'groq' }, waitMs: 60_000 }], {
    fallback: [`openai/${openaiModel}`],
  })
  expect(await statuses(leash, 'best', 3)).toEqual([200, 200, 200])
  expect([asked(groqModel), asked(openaiModel)]).toEqual([1, 2])
  await leash.close()
})

test('a limit counts a call once, however often it is tried and wherever it goes', async () => {
  const leash = open(
    [
      { limit: { requests: 100 }, per: 'hour', when: { models: 'best' }, name: 'route' },
      { limit: { requests: 100 }, per: 'hour', when: { providers: ['openai', 'groq'] }, name: 'vendors' },
    ],
    { retry: { attempts: 2, backoff: () => 0 }, fallback: [`openai/${openaiModel}`, `openai/gpt-4.1`] },
  )
  mock.script({ status: 500, when: ({ model }) => model !== 'gpt-4.1' })
  const response = await ask(leash, 'best')
  expect([response.status, mock.requests.length]).toEqual([200, 5])
  expect(response.headers.get('x-leash-ratelimit-remaining-requests')).toBe('99')
  await leash.close()
})

test('the headers tell of the limits of the call and of its target together', async () => {
  const leash = open([
    { limit: { requests: 50 }, per: 'hour' },
    { limit: { requests: 5, tokens: 1000 }, per: 'hour', when: { providers: 'groq' } },
  ])
  const { headers } = await ask(leash, 'best')
  expect(headers.get('x-leash-ratelimit-limit-requests')).toBe('5')
  expect(headers.get('x-leash-ratelimit-limit-tokens')).toBe('1000')
  await leash.close()
})

test('tokens of a target are those that it has used', async () => {
  const leash = open([{ limit: { tokens: 1000 }, per: 'hour', algorithm: 'fixed-window', when: { providers: 'groq' } }])
  const usage: number[] = []
  leash.on('attempt', ({ provider, usage: used }) => {
    if (provider === 'groq') usage.push((used?.input ?? 0) + (used?.output ?? 0))
  })
  openaiFails()
  await ask(leash, `openai/${openaiModel}`)
  const { headers } = await ask(leash, `openai/${openaiModel}`)
  const left = Number(headers.get('x-leash-ratelimit-remaining-tokens'))
  // The second call stands there as it was estimated.
  expect(usage[0]).toBeGreaterThan(0)
  expect(left).toBeLessThan(1000 - (usage[0] ?? 0))
  expect(left).toBeGreaterThan(900)
  await leash.close()
})
