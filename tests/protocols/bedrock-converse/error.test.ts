import {
  BedrockRuntimeClient,
  type BedrockRuntimeServiceException,
  ConverseCommand,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime'
import { describe, expect, it } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'

const refused = (status: number, type: string | undefined, message: string | undefined, headers: Record<string, string> = {}) =>
  bedrockConverse.decodeError({
    status,
    headers: new Headers({ ...(type && { 'x-amzn-errortype': type }), ...headers }),
    text: JSON.stringify({ message }),
  })

describe('a refusal of Bedrock', () => {
  it.each([
    [403, 'AccessDeniedException', 'permission_denied', false],
    [403, 'UnrecognizedClientException', 'authentication_failed', false],
    [403, 'ExpiredTokenException', 'authentication_failed', false],
    [403, 'InvalidSignatureException', 'authentication_failed', false],
    [404, 'ResourceNotFoundException', 'not_found', false],
    [400, 'ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/', 'invalid_request', false],
    [429, 'ThrottlingException', 'rate_limited', true],
    [400, 'ServiceQuotaExceededException', 'rate_limited', false],
    [429, 'ModelNotReadyException', 'overloaded', true],
    [408, 'ModelTimeoutException', 'timeout', true],
    [424, 'ModelErrorException', 'upstream_error', true],
    [500, 'InternalServerException', 'upstream_error', true],
    [503, 'ServiceUnavailableException', 'overloaded', true],
    [400, undefined, 'invalid_request', false],
    [401, undefined, 'authentication_failed', false],
    [403, undefined, 'permission_denied', false],
    [404, undefined, 'not_found', false],
    [408, undefined, 'timeout', true],
    [409, undefined, 'upstream_error', true],
    [413, undefined, 'request_too_large', false],
    [418, undefined, 'invalid_request', false],
    [422, undefined, 'invalid_request', false],
    [429, undefined, 'rate_limited', true],
    [500, undefined, 'upstream_error', true],
    [503, undefined, 'overloaded', true],
    [529, undefined, 'overloaded', true],
    [404, 'constructor', 'not_found', false],
  ])('%i %s means %s', (status, type, code, retryable) => {
    expect(refused(status, type, 'Because.')).toMatchObject({ code, status, retryable, detail: 'Because.' })
  })

  it('is also named in the body', () => {
    const text = '{"__type":"com.amazon.coral.service#ThrottlingException","Message":"Slow down"}'
    expect(bedrockConverse.decodeError({ status: 400, headers: new Headers(), text })).toMatchObject({
      code: 'rate_limited',
      detail: 'Slow down',
    })
  })

  it.each([
    'Input is too long for requested model.',
    'The model returned the following errors: prompt is too long: 227255 tokens > 200000 maximum',
    'The model returned the following errors: input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000',
    'Too many input tokens. Max input tokens: 8192, request input token count: 9000',
    "This model's maximum context length is 131072 tokens.",
  ])('is told apart when the prompt was too long: %s', (message) => {
    expect(refused(400, 'ValidationException', message)).toMatchObject({
      code: 'context_window_exceeded',
      status: 400,
      retryable: false,
    })
  })

  it.each([
    'The provided model identifier is invalid.',
    'Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.',
    "The provided model doesn't support on-demand throughput.",
    "This action doesn't support the model that you provided. Try again with a supported text or chat model.",
  ])('is told apart when there is no such model: %s', (message) => {
    expect(refused(400, 'ValidationException', message)).toMatchObject({ code: 'not_found', status: 400, retryable: false })
  })

  it('is told apart when a filter refused', () => {
    expect(refused(400, 'ValidationException', 'Output blocked by content filtering policy').code).toBe('content_filtered')
  })

  it('says how long to wait, and lets x-should-retry decide', () => {
    expect(refused(429, 'ThrottlingException', 'Slow', { 'retry-after': '7' })).toMatchObject({
      retryAfterMs: 7000,
      retryable: true,
    })
    expect(refused(429, 'ThrottlingException', 'Slow', { 'x-should-retry': 'false' }).retryable).toBe(false)
    expect(refused(400, 'ValidationException', 'No', { 'x-should-retry': 'true' }).retryable).toBe(true)
  })

  it('does not repeat the request that AWS quotes when a signature is wrong, nor a key', () => {
    const said =
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.\n\n' +
      "The Canonical String for this request should have been\n'POST\n/model/x/converse\n\nx-amz-security-token:IQoJb3JpZ2luX2VjEJ'"
    const { message } = refused(403, 'InvalidSignatureException', said)
    expect(message).toMatch(/signing method\.$/)
    expect(
      refused(403, 'AccessDeniedException', 'Key AKIAIOSFODNN7EXAMPLE may not; ABSKQmVkcm9ja0FQSUtleQ== neither').message,
    ).not.toMatch(/IOSFODNN7|QmVkcm9ja/)
  })

  it('takes no longer than what was said is long', () => {
    expect(refused(400, 'ValidationException', `${' '.repeat(500_000)}No`).detail).toBe('No')
  })

  it('has a message also when AWS sent none, or no JSON', () => {
    expect(refused(500, 'InternalServerException', undefined).detail).toBe(
      'Bedrock answered with status 500 (InternalServerException) and no message.',
    )
    const html = bedrockConverse.decodeError({ status: 502, headers: new Headers(), text: '<html>' })
    expect(html).toMatchObject({ code: 'upstream_error', status: 502, retryable: true })
    expect(html.upstream?.text).toBe('<html>')
  })
})

describe('a failure told to a caller of Bedrock', () => {
  it('is an exception that AWS has a class for', () => {
    expect(bedrockConverse.encodeError(new LeashError('rate_limited', 'Wait.'))).toEqual({
      status: 429,
      body: { __type: 'ThrottlingException', message: '[rate_limited] Wait.' },
    })
    expect(bedrockConverse.encodeError(new LeashError('unknown_model', 'Which?')).body.__type).toBe('ValidationException')
    expect(bedrockConverse.encodeError(new LeashError('stream_truncated', 'Again.')).body.__type).toBe('InternalServerException')
  })

  it('is raised as that class by AWS’s SDK', async () => {
    const { status, body } = bedrockConverse.encodeError(new LeashError('rate_limited', 'Wait.'))
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      maxAttempts: 1,
      requestHandler: { handle: async () => ({ response: { statusCode: status, headers: {}, body: Response.json(body).body } }) },
    })
    const error: BedrockRuntimeServiceException = await client.send(new ConverseCommand({ modelId: 'm', messages: [] })).then(
      () => Promise.reject(new Error('it went well')),
      (error) => error,
    )
    expect(error).toBeInstanceOf(ThrottlingException)
    expect(error).toMatchObject({ message: '[rate_limited] Wait.', $metadata: { httpStatusCode: 429 } })
  })
})
