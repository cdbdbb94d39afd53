import { describe, expect, it } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { gemini } from '../../../src/protocols/gemini/index.js'

const failed = (status: number, error: object, headers: Record<string, string> = {}) =>
  gemini.decodeError({ status, headers: new Headers(headers), text: JSON.stringify({ error: { code: status, ...error } }) })

describe('a failure of Google', () => {
  it.each<[number, string, object, boolean]>([
    [400, 'invalid_request', { status: 'INVALID_ARGUMENT', message: 'Invalid value at contents' }, false],
    [401, 'authentication_failed', { status: 'UNAUTHENTICATED', message: 'no' }, false],
    [403, 'permission_denied', { status: 'PERMISSION_DENIED', message: 'no' }, false],
    [404, 'not_found', { status: 'NOT_FOUND', message: 'no' }, false],
    [409, 'upstream_error', { status: 'ABORTED', message: 'no' }, true],
    [413, 'request_too_large', { message: 'no' }, false],
    [429, 'rate_limited', { status: 'RESOURCE_EXHAUSTED', message: 'quota' }, true],
    [499, 'invalid_request', { status: 'CANCELLED', message: 'no' }, false],
    [500, 'upstream_error', { status: 'INTERNAL', message: 'no' }, true],
    [503, 'overloaded', { status: 'UNAVAILABLE', message: 'The model is overloaded.' }, true],
    [504, 'upstream_error', { status: 'DEADLINE_EXCEEDED', message: 'no' }, true],
    [
      400,
      'context_window_exceeded',
      { message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).' },
      false,
    ],
    [
      400,
      'permission_denied',
      { status: 'FAILED_PRECONDITION', message: 'User location is not supported for the API use.' },
      false,
    ],
    [400, 'request_too_large', { message: 'Request payload size exceeds the limit: 20971520 bytes.' }, false],
    [
      400,
      'content_filtered',
      { message: 'The prompt could not be submitted. It was found to violate policies: content blocked.' },
      false,
    ],
    [400, 'authentication_failed', { message: 'API key not valid. Please pass a valid API key.' }, false],
    [
      400,
      'authentication_failed',
      { message: 'Bad Request', details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }] },
      false,
    ],
  ])('%i is %s', (status, code, error, retryable) => {
    expect(failed(status, error)).toMatchObject({ code, status, retryable })
  })

  it.each(['token count ', 'content '])('takes no longer than what it quotes is long: %s', (word) => {
    expect(failed(400, { message: word.repeat(80_000) }).code).toBe('invalid_request')
  })

  it('says how long to wait in its details, and a header says it better', () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure' },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.0748s' },
    ]
    expect(failed(429, { message: 'quota', details }).retryAfterMs).toBe(34_075)
    expect(failed(429, { message: 'quota', details }, { 'retry-after': '2' }).retryAfterMs).toBe(2000)
    expect(failed(429, { message: 'quota' }).retryAfterMs).toBeUndefined()
  })

  it('names the field at fault', () => {
    const details = [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'contents[0].parts', description: 'x' }],
      },
    ]
    expect(failed(400, { message: 'Invalid', details }).param).toBe('contents[0].parts')
  })

  it('may stand in a list of one, as a stream without `alt=sse` has it', () => {
    const text = JSON.stringify([{ error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } }])
    const error = gemini.decodeError({ status: 429, headers: new Headers(), text })
    expect(error).toMatchObject({ code: 'rate_limited', detail: 'slow down' })
    expect(gemini.encodeError(error).body).toEqual({ error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } })
  })

  it('is kept whole beside the error, out of sight of logs', () => {
    const error = failed(500, { message: 'no' })
    expect(error.upstream).toMatchObject({ protocol: 'gemini', status: 500, text: expect.stringContaining('"no"') })
    expect(Object.keys(error)).not.toContain('upstream')
  })

  it('is told without the key that it quotes', () => {
    const { message } = failed(400, { message: `API key AIza${'x'.repeat(35)} is bad, and so is Bearer ya29.abc` })
    expect(message).toBe('[invalid_request] API key *** is bad, and so is Bearer ***')
  })

  it('may be no JSON at all', () => {
    const error = gemini.decodeError({ status: 502, headers: new Headers(), text: '<html>Bad Gateway</html>' })
    expect(error).toMatchObject({ code: 'upstream_error', detail: 'The upstream answered with status 502.', retryable: true })
  })

  it('is retried or not as its header says', () => {
    expect(failed(500, { message: 'no' }, { 'x-should-retry': 'false' }).retryable).toBe(false)
    expect(failed(400, { message: 'no' }, { 'x-should-retry': 'true' }).retryable).toBe(true)
  })
})

describe('a failure for a caller of Gemini', () => {
  it('comes back as Google wrote it', () => {
    const error = failed(400, { message: 'Invalid', status: 'INVALID_ARGUMENT', details: [{ a: 1 }] })
    expect(gemini.encodeError(error)).toEqual({
      status: 400,
      body: { error: { code: 400, message: 'Invalid', status: 'INVALID_ARGUMENT', details: [{ a: 1 }] } },
    })
  })

  it.each([
    [new LeashError('budget_exceeded', 'Raise it.'), 402, 'FAILED_PRECONDITION'],
    [new LeashError('rate_limited', 'Wait.'), 429, 'RESOURCE_EXHAUSTED'],
    [new LeashError('stream_truncated', 'Again.'), 502, 'UNAVAILABLE'],
    [new LeashError('invalid_request', 'No.', { status: 422 }), 422, 'INVALID_ARGUMENT'],
    [
      new LeashError('upstream_error', 'No.', {
        upstream: { protocol: 'openai-chat', status: 500, headers: new Headers(), text: '{}' },
        status: 500,
      }),
      500,
      'INTERNAL',
    ],
  ])('%o is in Google’s words, with our code as its reason', (error, status, grpc) => {
    expect(gemini.encodeError(error)).toEqual({
      status,
      body: {
        error: {
          code: status,
          message: error.message,
          status: grpc,
          details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: error.code, domain: 'leashllm' }],
        },
      },
    })
  })
})
