/** Failures: as HTTP answers, and inside a stream. https://platform.openai.com/docs/guides/error-codes/api-errors */
import { type ErrorCode, errorStatus, type LeashError } from '../../core/errors.js'
import { asObject, asString, isObject, type Members, parseJson } from '../../core/json.js'
import { lookup } from '../lookup.js'
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.js'
import type { FailedResponse } from '../protocol.js'
import { upstreamError } from '../upstream-error.js'
import { protocolName } from './wire.js'

/** What OpenAI's policies stopped. These codes are of this API alone. */
const policies: Readonly<Record<string, ErrorCode>> = {
  invalid_prompt: 'content_filtered',
  image_content_policy_violation: 'content_filtered',
  bio_policy: 'content_filtered',
  misalignment_policy_violation: 'content_filtered',
}

/** Codes that stand in a stream, without a status beside them. */
const codes: Readonly<Record<string, ErrorCode>> = {
  ...policies,
  content_filter: 'content_filtered',
  content_policy_violation: 'content_filtered',
  context_length_exceeded: 'context_window_exceeded',
  rate_limit_exceeded: 'rate_limited',
  insufficient_quota: 'rate_limited',
  invalid_api_key: 'authentication_failed',
  model_not_found: 'not_found',
  server_is_overloaded: 'overloaded',
  slow_down: 'overloaded',
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

/** Of an image that the caller sent: there are a dozen codes. */
const badInput = /^(invalid_|image_|empty_image|unsupported_image|failed_to_download_image)/

interface Told {
  readonly message: string
  readonly code: string | undefined
  readonly type: string | undefined
  readonly param: string | undefined
}

function told(body: unknown): Told {
  const outer = asObject(body)
  const { message, code, type, param } = isObject(outer.error) ? outer.error : outer
  return { message: asString(message) ?? '', code: asString(code), type: asString(type), param: asString(param) }
}

export function decodeError(failed: FailedResponse): LeashError {
  const { message, code, param } = told(parseJson(failed.text))
  const stopped = lookup(policies, code)
  return stopped
    ? upstreamError(protocolName, failed, { message, code: stopped, param })
    : decodeOpenAiError(protocolName, failed)
}

/** `error` and `response.failed` events, and a whole answer that says it failed. */
export function streamError(event: Members): LeashError {
  const { message, code, type, param } = told(event.response ?? event)
  const own = lookup(codes, code) ?? lookup(types, type) ?? (badInput.test(code ?? '') ? 'invalid_request' : 'upstream_error')
  // As the same failure would have come before the stream had begun: what the SDKs can read.
  const text = JSON.stringify({ error: { message, type: type ?? null, param: param ?? null, code: code ?? null } })
  const reason = message || 'The answer failed, and the target gave no reason.'
  return upstreamError(
    protocolName,
    { status: errorStatus[own], headers: new Headers(), text },
    { message: reason, code: own, param },
  )
}

/** The status stands in front, before anything that the model or its caller has said. */
const front = 300

export function failureIn(text: string): LeashError | undefined {
  if (!/"status"\s*:\s*"failed"/.test(text.slice(0, front))) return undefined
  return streamError({ response: parseJson(text) })
}

export function encodeError(error: LeashError): ReturnType<typeof encodeOpenAiError> {
  return encodeOpenAiError(protocolName, error)
}

/** The error as an event of this API tells it. */
export function errorMembers(error: LeashError) {
  const { message, code = null, type = null, param = null } = told(encodeError(error).body)
  return { message, code, type, param }
}
