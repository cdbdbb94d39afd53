import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { errorStatus, LeashError } from '../../../src/core/errors.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'

const failed = (status: number, error: object | string, headers: Record<string, string> = {}) =>
  openaiResponses.decodeError({
    status,
    headers: new Headers(headers),
    text: typeof error === 'string' ? error : JSON.stringify({ error }),
  })

describe('a refusal of the vendor', () => {
  const cases: [number, object, string, boolean][] = [
    [400, { message: 'bad', type: 'invalid_request_error', param: 'input' }, 'invalid_request', false],
    [400, { message: 'too long', code: 'context_length_exceeded' }, 'context_window_exceeded', false],
    [400, { message: "This model's maximum context length is 8192 tokens" }, 'context_window_exceeded', false],
    [400, { message: 'flagged', code: 'invalid_prompt' }, 'content_filtered', false],
    [400, { message: 'filtered', code: 'content_filter' }, 'content_filtered', false],
    [401, { message: 'who?' }, 'authentication_failed', false],
    [402, { message: 'pay' }, 'permission_denied', false],
    [403, { message: 'no' }, 'permission_denied', false],
    [404, { message: 'gone' }, 'not_found', false],
    [408, { message: 'late' }, 'timeout', true],
    [409, { message: 'busy' }, 'upstream_error', true],
    [413, { message: 'big' }, 'request_too_large', false],
    [422, { message: 'odd' }, 'invalid_request', false],
    [429, { message: 'slow' }, 'rate_limited', true],
    [429, { message: 'quota', type: 'insufficient_quota', code: 'insufficient_quota' }, 'rate_limited', true],
    [500, { message: 'oops' }, 'upstream_error', true],
    [502, { message: 'oops' }, 'upstream_error', true],
    [503, { message: 'full' }, 'overloaded', true],
    [529, { message: 'full' }, 'overloaded', true],
  ]
  for (const [status, body, code, retryable] of cases) {
    test(`${status} ${JSON.stringify(body)} is ${code}`, () => {
      const error = failed(status, body)
      expect(error).toMatchObject({ code, status, retryable })
      expect(error.upstream).toMatchObject({ protocol: 'openai-responses', status, text: JSON.stringify({ error: body }) })
    })
  }

  test('the vendor decides on another try when it says so', () => {
    expect(failed(429, { message: 'x' }, { 'x-should-retry': 'false' }).retryable).toBe(false)
    expect(failed(400, { message: 'x' }, { 'x-should-retry': 'true' }).retryable).toBe(true)
  })

  test('the time to wait is read from the headers', () => {
    expect(failed(429, { message: 'x' }, { 'retry-after-ms': '120' }).retryAfterMs).toBe(120)
    expect(failed(429, { message: 'x' }, { 'retry-after': '2' }).retryAfterMs).toBe(2000)
    expect(failed(429, { message: 'x' }).retryAfterMs).toBeUndefined()
  })

  test('no key comes out in the message', () => {
    const { message } = failed(401, { message: 'Incorrect API key provided: sk-proj-abcDEF123456789. Header was Bearer abc.def' })
    expect(message).not.toMatch(/abcDEF|abc\.def/)
    expect(message).toContain('Incorrect API key provided: sk-***')
  })

  test('bodies of other servers are read too', () => {
    expect(failed(400, '{"detail":"no such model"}').detail).toBe('no such model')
    expect(failed(400, '{"message":"nope"}').detail).toBe('nope')
    expect(failed(400, '{"error":"plain"}').detail).toBe('plain')
    expect(failed(502, '').detail).toBe('The upstream answered with status 502.')
  })
})

describe('an error for the caller', () => {
  test('every code has a body and its status', () => {
    for (const [code, status] of Object.entries(errorStatus)) {
      const encoded = openaiResponses.encodeError(new LeashError(code as keyof typeof errorStatus, 'Do this.'))
      expect(encoded).toMatchObject({ status, body: { error: { code, message: `[${code}] Do this.`, param: null } } })
    }
  })

  test("a failure of its own kind keeps the vendor's own words", () => {
    const body = { message: 'You exceeded your quota', type: 'insufficient_quota', param: null, code: 'insufficient_quota' }
    expect(openaiResponses.encodeError(failed(429, body))).toEqual({ status: 429, body: { error: body } })
  })

  test('a failure of another vendor speaks with our code', () => {
    const upstream = {
      protocol: 'anthropic-messages',
      status: 429,
      headers: new Headers(),
      text: '{"error":{"type":"rate_limit_error"}}',
    }
    const { body } = openaiResponses.encodeError(new LeashError('rate_limited', 'Slow down.', { upstream }))
    expect(body).toEqual({
      error: { message: '[rate_limited] Slow down.', type: 'rate_limit_error', param: null, code: 'rate_limited' },
    })
  })

  test("OpenAI's client raises its own class from it", () => {
    const { status, body } = openaiResponses.encodeError(new LeashError('budget_exceeded', 'Raise the budget.'))
    const error = OpenAI.APIError.generate(status, body, undefined, new Headers())
    expect(error).toMatchObject({ status: 402, code: 'budget_exceeded' })
    expect(OpenAI.APIError.generate(429, body, undefined, new Headers())).toBeInstanceOf(OpenAI.RateLimitError)
  })
})
