import { describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'

const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  openaiChat.decodeError({ status, headers: new Headers(headers), text: typeof body === 'string' ? body : JSON.stringify(body) })

describe('what a refusal means', () => {
  test.each([
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
    [502, 'upstream_error', true],
    [503, 'overloaded', true],
    [529, 'overloaded', true],
  ] as const)('status %i is %s', (status, code, retryable) => {
    expect(decode(status, { error: { message: 'No.' } })).toMatchObject({ code, status, retryable, detail: 'No.' })
  })

  test.each([
    ['OpenAI', 400, { error: { message: 'Long.', code: 'context_length_exceeded' } }],
    ['vLLM', 400, { object: 'error', message: "This model's maximum context length is 4096 tokens.", code: 400 }],
    [
      'Mistral',
      400,
      { object: 'error', message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length' },
    ],
    ['xAI', 400, { code: 'Client specified an invalid argument', error: "This model's maximum prompt length is 131072 but" }],
    [
      'llama.cpp',
      400,
      {
        error: {
          code: 400,
          type: 'exceed_context_size_error',
          message: 'the request exceeds the available context size, try increasing it',
        },
      },
    ],
    ['Hugging Face', 422, { error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000' }],
    ['Groq', 413, { error: { message: 'Please reduce the length of the messages or completion.' } }],
  ])('a prompt that is too long is told apart, in the words of %s', (_vendor, status, body) => {
    expect(decode(status, body).code).toBe('context_window_exceeded')
  })

  test.each([
    [
      'Azure',
      400,
      { error: { code: 'content_filter', message: 'Filtered.', innererror: { code: 'ResponsibleAIPolicyViolation' } } },
    ],
    ['OpenAI', 400, { error: { code: 'content_policy_violation', message: 'Filtered.' } }],
    ['DeepSeek', 400, { error: { message: 'Content Exists Risk', type: 'invalid_request_error' } }],
    ['OpenRouter', 403, { error: { code: 403, message: 'Flagged', metadata: { reasons: ['violence'], flagged_input: 'x' } } }],
  ])('so is a filter, in the words of %s', (_vendor, status, body) => {
    expect(decode(status, body).code).toBe('content_filtered')
  })

  test.each([
    ['OpenAI', { error: { message: "The requested model 'x' does not exist.", code: 'model_not_found', param: 'model' } }],
    ['Groq', { error: { message: 'The model `x` has been decommissioned.', code: 'model_decommissioned' } }],
    ['Mistral', { object: 'error', message: 'Invalid model: x', type: 'invalid_model', code: '1500' }],
    [
      'Hugging Face',
      { error: { message: 'The requested model is not supported by any provider.', code: 'model_not_supported' } },
    ],
    ['DeepSeek', { error: { message: 'Model Not Exist', type: 'invalid_request_error', code: 'invalid_request_error' } }],
    ['xAI', { code: 'Client specified an invalid argument', error: 'Model not found: x' }],
    ['LiteLLM', { error: { message: 'Invalid model name passed in model=x.', code: '400' } }],
    ['OpenRouter', { error: { message: 'acme/x is not a valid model ID', code: 400 } }],
  ])('and a model that is not there, in the words of %s', (_vendor, body) => {
    expect(decode(400, body)).toMatchObject({ code: 'not_found', status: 400, retryable: false })
  })

  test('the member at fault is named', () => {
    expect(decode(400, { error: { message: 'No.', param: 'messages[0].role' } }).param).toBe('messages[0].role')
  })

  test.each([
    [{ error: 'Plain.' }, 'Plain.'],
    [{ message: 'Bare.' }, 'Bare.'],
    [{ detail: 'Fast.' }, 'Fast.'],
    [{ detail: [{ loc: ['body', 'x'], msg: 'extra' }] }, '[{"loc":["body","x"],"msg":"extra"}]'],
    [{ error: { message: { nested: 1 } } }, '{"nested":1}'],
    ['upstream connect error', 'upstream connect error'],
    ['', 'The upstream answered with status 400.'],
    ['[]', '[]'],
  ])('of %j the message is %j', (body, detail) => {
    expect(decode(400, body).detail).toBe(detail)
  })

  test('the wait that the vendor asks for is kept', () => {
    expect(decode(429, {}, { 'retry-after': '2' }).retryAfterMs).toBe(2000)
    expect(decode(429, {}, { 'retry-after-ms': '150', 'retry-after': '2' }).retryAfterMs).toBe(150)
    expect(decode(429, {}).retryAfterMs).toBeUndefined()
  })

  test('the vendor has the last word on whether to try again', () => {
    expect(decode(500, {}, { 'x-should-retry': 'false' }).retryable).toBe(false)
    expect(decode(400, {}, { 'x-should-retry': 'true' }).retryable).toBe(true)
  })

  test('an account out of money is tried again, as openai-node does', () => {
    expect(decode(429, { error: { message: 'Pay.', code: 'insufficient_quota' } })).toMatchObject({
      code: 'rate_limited',
      retryable: true,
    })
  })

  test.each([
    'sk-proj-abcdefghijklmnop',
    'gsk_abcdefghijklmnop1234',
    'xai-abcdefghijklmnop',
    'AIzaSyA1234567890abcdef',
    'sk-ab*****************yz',
  ])('the key %s never stands in the message', (key) => {
    const error = decode(401, { error: { message: `Incorrect API key provided: ${key}. Find yours at https://example.com.` } })
    expect(error.message).not.toContain(key)
    expect(error.message).not.toContain(key.slice(6))
    expect(error.message).toContain('Incorrect API key provided')
  })

  test('the whole refusal is kept for whoever speaks the same protocol, and out of logs', () => {
    const error = decode(404, { error: { message: 'No.' } })
    expect(error.upstream).toMatchObject({ protocol: 'openai-chat', status: 404, text: '{"error":{"message":"No."}}' })
    expect(Object.keys(error)).not.toContain('upstream')
  })
})

describe('how a caller is told', () => {
  test('in OpenAI’s words, with a code from the closed list', () => {
    const error = new LeashError('budget_exceeded', 'The budget of today is spent.', { param: 'model' })
    expect(openaiChat.encodeError(error)).toEqual({
      status: 402,
      body: {
        error: {
          message: '[budget_exceeded] The budget of today is spent.',
          type: 'insufficient_quota',
          param: 'model',
          code: 'budget_exceeded',
        },
      },
    })
  })

  test.each([
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [429, 'rate_limit_error'],
    [400, 'invalid_request_error'],
    [499, 'invalid_request_error'],
    [500, 'server_error'],
    [529, 'server_error'],
  ])('status %i is of type %s', (status, type) => {
    expect(openaiChat.encodeError(new LeashError('upstream_error', 'No.', { status })).body).toMatchObject({ error: { type } })
  })

  test('what came in this protocol goes back as it came; what came in another does not', () => {
    const body = { error: { message: 'No.', type: 't', code: 'c', param: null, more: 1 }, request_id: 'r' }
    expect(openaiChat.encodeError(decode(418, body))).toEqual({ status: 418, body })
    const upstream = { protocol: 'gemini', status: 418, headers: new Headers(), text: JSON.stringify(body) }
    const foreign = openaiChat.encodeError(new LeashError('invalid_request', 'No.', { upstream, status: 418 }))
    expect(foreign.body).toMatchObject({ error: { message: '[invalid_request] No.', code: 'invalid_request' } })
  })

  test('a page of HTML is not passed on as an error', () => {
    expect(openaiChat.encodeError(decode(502, '<html>Bad gateway</html>')).body).toMatchObject({
      error: { message: '[upstream_error] The upstream answered with status 502.', code: 'upstream_error' },
    })
  })
})
