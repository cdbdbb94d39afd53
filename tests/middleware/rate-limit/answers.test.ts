/** What a limit leaves of an answer: all of it. */
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { until, useMock } from '../../helpers/mock.js'
import { asks, doors, send } from '../asks.js'

const mock = useMock()

describe.each(doors)('by %s', (door) => {
  test.each(asks)('an answer under a limit can be read as JSON and as text, by layers too: $protocol', async ({ request }) => {
    const seen: unknown[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      rateLimit: [{ limit: { requests: 10, tokens: 100_000 }, per: 'minute' }],
    })
    const ask = () => send(leash, door, mock.url, request('one two three', false))
    const answers = [await (await ask()).json(), JSON.parse(await (await ask()).text()), await (await ask()).clone().json()]
    for (const answer of answers) expect(JSON.stringify(answer)).toContain('three')
    leash.use((next) => async (call) => {
      const result = await next(call)
      if (!result.stream) seen.push(result.body)
      return result
    })
    expect(await (await ask()).json()).toEqual(seen[0])
  })
})

test('an answer that is made when its caller has left has used what was estimated', async () => {
  const queued = { id: 'r', object: 'response', status: 'queued', model: 'gpt-5', output: [], usage: null }
  const leash = createLeash({
    providers: { openai: { apiKey: 'k' } },
    rateLimit: [{ limit: { tokens: 10_000 }, per: 'hour' }],
    fetch: async () => Response.json(queued),
  })
  const body = JSON.stringify({ model: 'gpt-5', background: true, input: 'Hi', max_output_tokens: 6000 })
  const headers = { authorization: 'Bearer k' }
  const ask = () => leash.fetch('https://api.openai.com/v1/responses', { method: 'POST', headers, body })
  const statuses = []
  for (const _ of [1, 2]) {
    const answer = await ask()
    await answer.text()
    statuses.push(answer.status)
  }
  expect(statuses).toEqual([200, 429])
  await leash.close()
})

test('a call that was given up before anything came has used what was estimated', async () => {
  mock.script({ hang: 'headers' })
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: false,
    rateLimit: [{ limit: { tokens: 10_000 }, per: 'hour' }],
  })
  const body = JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 6000, messages: [{ role: 'user', content: 'Hi' }] })
  const headers = { authorization: 'Bearer k' }
  const url = `${mock.url}/v1/chat/completions`
  // Its vendor may be at work for as long as it was asked to.
  const caller = new AbortController()
  const answer = leash.fetch(url, { method: 'POST', headers, body, signal: caller.signal }).catch(String)
  await until(() => mock.requests.length === 1)
  caller.abort()
  expect(await answer).toContain('abort')
  // A first call may be over before there is anybody to book it.
  await expect.poll(() => leash.usage()).toMatchObject([{ estimated: 1 }])
  expect((await leash.fetch(url, { method: 'POST', headers, body })).status).toBe(429)
  await leash.close()
})
