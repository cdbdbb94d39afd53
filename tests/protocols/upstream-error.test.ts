import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { createLeash, LeashError } from '../../src/leash.js'
import { upstreamError } from '../../src/protocols/upstream-error.js'
import { serve } from '../helpers/serve.js'

test.each([
  ['invalid_request', '[invalid_request] Name a team.'],
  // Only the vendor's own bill has this status elsewhere.
  ['budget_exceeded', '[permission_denied] [budget_exceeded] Name a team.'],
] as const)('a refusal of another leash, %s, tells each code once', async (code, told) => {
  const other = createLeash()
  const refuse = () => {
    throw new LeashError(code, 'Name a team.')
  }
  const served = await serve((request) => other.handle(request, { leash: refuse }))
  const leash = createLeash({ providers: { relay: { baseURL: `${served.url}/v1`, apiKey: 'k' } }, retry: false })
  const client = leash.wrap(new Anthropic({ apiKey: 'k', maxRetries: 0 }))
  const refused = client.messages.create({ model: 'relay/any', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
  await expect(refused).rejects.toMatchObject({ error: { error: { message: told } } })
  await served.close()
})

test.each([
  ['{"message":"No subscription key."}', 'No subscription key.'],
  ['{"error":"No team of that name."}', 'No team of that name.'],
  ['{"detail":"Not authenticated."}', 'Not authenticated.'],
  ['{"detail":[{"msg":"field required"}]}', '[{"msg":"field required"}]'],
  ['{"errors":[{"code":10000}]}', '{"errors":[{"code":10000}]}'],
  ['Jwt is expired\n', 'Jwt is expired'],
  ['\n<html>Forbidden</html>', 'The upstream answered with status 403.'],
  ['', 'The upstream answered with status 403.'],
])('what a gateway says in front of any vendor reaches the caller: %j', async (body, told) => {
  const gateway = await serve(async () => new Response(body, { status: 403 }))
  const behind = { apiKey: 'k', baseURL: gateway.url }
  const leash = createLeash({ providers: { anthropic: behind, google: behind, acme: behind }, retry: false })
  const { chat } = leash.wrap(new OpenAI({ apiKey: 'k', maxRetries: 0 }))
  for (const model of ['anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash']) {
    const refused = chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] })
    await expect(refused).rejects.toMatchObject({ error: { message: `[permission_denied] ${told}` } })
  }
  const { messages } = leash.wrap(new Anthropic({ apiKey: 'k', maxRetries: 0 }))
  const refused = messages.create({ model: 'acme/any', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
  await expect(refused).rejects.toMatchObject({ error: { error: { message: `[permission_denied] ${told}` } } })
  await gateway.close()
})

const failed = (status: number, headers = {}) => ({ status, headers: new Headers(headers), text: '' })

test.each([
  [[400, 401, 402, 403, 404, 413, 422, 499], false],
  [[408, 409, 429, 500, 502, 503, 529], true],
])('the statuses %j can be sent again: %s, unless the answer says otherwise', (statuses, again) => {
  for (const status of statuses) {
    const retryable = (headers = {}) => upstreamError('any', failed(status, headers), { message: 'No.' }).retryable
    expect([status, retryable()]).toEqual([status, again])
    expect([status, retryable({ 'x-should-retry': String(!again) })]).toEqual([status, !again])
  }
})

test('what a body asks us to wait counts where the headers ask for nothing', () => {
  const told = { message: 'No.', waitMs: 7000 }
  expect(upstreamError('any', failed(429), told).retryAfterMs).toBe(7000)
  expect(upstreamError('any', failed(429, { 'retry-after': '2' }), told).retryAfterMs).toBe(2000)
  expect(upstreamError('any', failed(429), { message: 'No.' }).retryAfterMs).toBeUndefined()
})
