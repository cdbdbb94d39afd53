import { describe, expect, it } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { exchange } from './kit.js'

const { decodeError, encodeError } = anthropicMessages

function failed(status: number, body: unknown, headers: Record<string, string> = {}) {
  return decodeError({ status, headers: new Headers(headers), text: typeof body === 'string' ? body : JSON.stringify(body) })
}
const error = (type: string, message: string) => ({ type: 'error', error: { type, message }, request_id: 'req_1' })

describe('a refusal by Anthropic', () => {
  it.each<[number, string, boolean]>([
    [400, 'invalid_request', false],
    [401, 'authentication_failed', false],
    [402, 'permission_denied', false],
    [403, 'permission_denied', false],
    [404, 'not_found', false],
    [408, 'timeout', true],
    [409, 'upstream_error', true],
    [413, 'request_too_large', false],
    [418, 'invalid_request', false],
    [422, 'invalid_request', false],
    [429, 'rate_limited', true],
    [500, 'upstream_error', true],
    [503, 'overloaded', true],
    [504, 'upstream_error', true],
    [529, 'overloaded', true],
  ])('with the status %i is %s, retryable %s', (status, code, retryable) => {
    expect(failed(status, error('some_error', 'why'))).toMatchObject({ code, status, retryable, detail: 'why' })
  })

  it('is kept whole beside the error', () => {
    const { response } = exchange('xhigh-unsupported')
    const text = JSON.stringify(response.body)
    const refusal = failed(response.status, text, response.headers)
    expect(refusal).toMatchObject({
      code: 'invalid_request',
      status: 400,
      upstream: { protocol: 'anthropic-messages', status: 400, text },
    })
    expect(refusal.detail).toContain("does not support effort level 'xhigh'")
  })

  it.each([
    ['prompt is too long: 210000 tokens > 200000 maximum', 'context_window_exceeded'],
    ['input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000', 'context_window_exceeded'],
    ['Output blocked by content filtering policy', 'content_filtered'],
    ['Your credit balance is too low to access the Anthropic API.', 'permission_denied'],
    ['max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens', 'invalid_request'],
  ])('that says "%s" is %s', (message, code) => {
    expect(failed(400, error('invalid_request_error', message)).code).toBe(code)
  })

  it('names the member at fault', () => {
    expect(failed(400, error('invalid_request_error', 'messages.0.content: Field required')).param).toBe('messages.0.content')
    expect(failed(400, error('invalid_request_error', 'Something else: bad')).param).toBeUndefined()
  })

  it('waits as long as it asks for, and retries as it says', () => {
    expect(failed(429, error('rate_limit_error', 'slow'), { 'retry-after': '3' }).retryAfterMs).toBe(3000)
    expect(failed(500, error('api_error', 'x'), { 'x-should-retry': 'false' }).retryable).toBe(false)
    expect(failed(400, error('api_error', 'x'), { 'x-should-retry': 'true' }).retryable).toBe(true)
  })

  it.each([
    ['[{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}]', 'no such model'],
    ['{"message":"no such model"}', 'no such model'],
    ['<html>bad gateway</html>', 'The upstream answered with status 404.'],
    ['', 'The upstream answered with status 404.'],
  ])('in other words is read too: %s', (text, detail) => {
    expect(failed(404, text).detail).toBe(detail)
  })

  it('shows no key', () => {
    expect(failed(401, error('authentication_error', 'bad key sk-ant-api03-abcdefgh_ijk')).message).not.toContain('abcdefgh')
  })
})

describe('an error to a caller of this API', () => {
  it.each([
    [new LeashError('rate_limited', 'slow'), 429, 'rate_limit_error'],
    [new LeashError('budget_exceeded', 'spent'), 402, 'billing_error'],
    [new LeashError('missing_key', 'no key'), 401, 'authentication_error'],
    [new LeashError('policy_blocked', 'no'), 403, 'permission_error'],
    [new LeashError('unknown_model', 'what'), 400, 'not_found_error'],
    [new LeashError('overloaded', 'busy', { status: 529 }), 529, 'overloaded_error'],
    [new LeashError('circuit_open', 'open'), 503, 'overloaded_error'],
    [new LeashError('deadline_exceeded', 'late'), 504, 'timeout_error'],
    [new LeashError('request_too_large', 'big'), 413, 'request_too_large'],
    [new LeashError('invalid_request', 'bad'), 400, 'invalid_request_error'],
    [new LeashError('stream_truncated', 'cut'), 502, 'api_error'],
  ])('%s', (failure, status, type) => {
    expect(encodeError(failure)).toEqual({
      status,
      body: { type: 'error', error: { type, message: failure.message, details: { error_code: failure.code } } },
    })
  })

  it('is the vendor’s own, when the vendor speaks this protocol', () => {
    const body = error('invalid_request_error', 'why')
    expect(encodeError(failed(400, body))).toEqual({ status: 400, body })
    expect(encodeError(failed(502, '<html>')).body).toMatchObject({
      error: { type: 'api_error', details: { error_code: 'upstream_error' } },
    })
  })
})
