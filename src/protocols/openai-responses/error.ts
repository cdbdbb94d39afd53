/** Failures: as HTTP answers, and inside a stream. https://platform.openai.com/docs/guides/error-codes/api-errors */
import { type ErrorCode, errorStatus, LeashError, type LeashErrorOptions } from '../../core/errors.js'
import { asObject, asString, isObject, type JsonObject, parseJson } from '../../core/json.js'
import type { FailedResponse } from '../protocol.js'
import { retryAfterMs } from '../retry-after.js'
import { type Members, protocolName } from './wire.js'

/** Codes that say more than the status beside them, or stand alone in a stream. */
const codes: Readonly<Record<string, ErrorCode>> = {
  context_length_exceeded: 'context_window_exceeded',
  content_filter: 'content_filtered',
  content_policy_violation: 'content_filtered',
  invalid_prompt: 'content_filtered',
  image_content_policy_violation: 'content_filtered',
  bio_policy: 'content_filtered',
  misalignment_policy_violation: 'content_filtered',
  rate_limit_exceeded: 'rate_limited',
  insufficient_quota: 'rate_limited',
  invalid_api_key: 'authentication_failed',
  model_not_found: 'not_found',
  server_is_overloaded: 'overloaded',
  slow_down: 'overloaded',
  server_error: 'upstream_error',
  vector_store_timeout: 'upstream_error',
}

const types: Readonly<Record<string, ErrorCode>> = {
  invalid_request_error: 'invalid_request',
  image_generation_user_error: 'invalid_request',
  authentication_error: 'authentication_failed',
  permission_error: 'permission_denied',
  not_found_error: 'not_found',
  rate_limit_error: 'rate_limited',
  tokens: 'rate_limited',
  requests: 'rate_limited',
}

const statuses: Readonly<Record<number, ErrorCode>> = {
  401: 'authentication_failed',
  402: 'permission_denied',
  403: 'permission_denied',
  404: 'not_found',
  408: 'timeout',
  409: 'upstream_error',
  413: 'request_too_large',
  429: 'rate_limited',
  503: 'overloaded',
  529: 'overloaded',
}

const retryable: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'overloaded', 'upstream_error', 'timeout'])

/** Refusals of a long prompt by servers that give no code for it (vLLM, llama.cpp). */
const tooLong = /maximum context length|context (length|window|size)|exceeds? the (available )?context/i

const keys = /\b(sk|sess|rk|pk)-[\w*.-]{6,}|\bBearer\s+\S+/g

interface Told {
  readonly message: string
  readonly code: string | undefined
  readonly type: string | undefined
  readonly param: string | undefined
}

/** `{error: {…}}` as OpenAI writes it; `{error: "…"}`, `{message}` and FastAPI's `{detail}` as compatible servers do. */
function told(body: unknown, otherwise: string): Told {
  const outer = asObject(body)
  const error = isObject(outer.error) ? outer.error : outer
  const message = asString(error.message) ?? asString(error.error) ?? asString(error.detail) ?? otherwise
  return {
    message: message.replace(keys, '[key]'),
    code: asString(error.code),
    type: asString(error.type),
    param: asString(error.param),
  }
}

export function decodeError({ status, headers, text }: FailedResponse): LeashError {
  const { message, code, type, param } = told(parseJson(text), `The target answered with status ${status} and no reason.`)
  const should = headers.get('x-should-retry')
  const wait = retryAfterMs(headers)
  return new LeashError(refined(status, code, message) ?? codeFor(status, type), message, {
    status,
    retryable: should === null ? status === 408 || status === 409 || status === 429 || status >= 500 : should === 'true',
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(param !== undefined && { param }),
    upstream: { protocol: protocolName, status, headers, text },
  })
}

/** The two kinds of refusal that a status does not tell apart. */
function refined(status: number, code: string | undefined, message: string): ErrorCode | undefined {
  const known = codes[code ?? '']
  if (known === 'context_window_exceeded' || known === 'content_filtered') return known
  return status === 400 && tooLong.test(message) ? 'context_window_exceeded' : undefined
}

function codeFor(status: number, type: string | undefined): ErrorCode {
  const known = statuses[status]
  if (known) return known
  if (status >= 500) return 'upstream_error'
  return types[type ?? ''] ?? 'invalid_request'
}

/** `error` and `response.failed` events, and a whole answer that says it failed. */
export function streamError(event: Members): LeashError {
  const failed = isObject(event.response) ? event.response : event
  const { message, code, type, param } = told(failed, 'The answer failed, and the target gave no reason.')
  const own = codes[code ?? ''] ?? types[type ?? ''] ?? (code?.startsWith('invalid_') ? 'invalid_request' : 'upstream_error')
  const status = errorStatus[own]
  const options: LeashErrorOptions = {
    retryable: retryable.has(own),
    ...(param !== undefined && { param }),
    // As the same failure would have come before the stream had begun: what the SDKs can read.
    upstream: {
      protocol: protocolName,
      status,
      headers: new Headers(),
      text: JSON.stringify({ error: { message, type: type ?? null, param: param ?? null, code: code ?? null } }),
    },
  }
  return new LeashError(own, message, options)
}

const errorTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

/** The error as this API tells it: in its own words when it was its own failure. */
export function errorBody(error: LeashError): { message: string; type: string; param: string | null; code: string | null } {
  const type = errorTypes[error.status] ?? (error.status >= 500 ? 'server_error' : 'invalid_request_error')
  const { upstream } = error
  const body = upstream?.protocol === protocolName ? parseJson(upstream.text) : undefined
  if (!isObject(body)) return { message: error.message, type, param: error.param ?? null, code: error.code }
  const own = told(body, error.message)
  return { message: own.message, type: own.type ?? type, param: own.param ?? null, code: own.code ?? null }
}

export function encodeError(error: LeashError): { status: number; body: JsonObject } {
  return { status: error.status, body: { error: errorBody(error) } }
}
