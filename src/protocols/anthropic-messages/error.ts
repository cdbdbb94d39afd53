/** Errors, in both directions. https://platform.claude.com/docs/en/api/errors */
import type { ErrorCode, LeashError } from '../../core/errors.js'
import { asObject, asString, type JsonObject, parseJson } from '../../core/json.js'
import { lookup } from '../lookup.js'
import type { FailedResponse } from '../protocol.js'
import { upstreamError, wordsIn } from '../upstream-error.js'
import { protocolName } from './wire.js'

/** The vendor's types and the status that each comes with; an error inside a stream has no status of its own. */
const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  timeout_error: 408,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  overloaded_error: 529,
}

export function decodeError(failed: FailedResponse): LeashError {
  const parsed = parseJson(failed.text)
  // Google's front door, before Vertex AI, wraps its errors in a list.
  const said = asObject(Array.isArray(parsed) ? parsed[0] : parsed)
  const message = asString(asObject(said.error).message) ?? wordsIn(failed.text)
  const param = /^([a-z_]+(?:\.\w+)*): /.exec(message)?.[1]
  return upstreamError(protocolName, failed, { message, code: codeOf(failed.status, message), param })
}

/** What the words say beyond the status. */
function codeOf(status: number, message: string): ErrorCode | undefined {
  if (status !== 400 && status !== 413) return undefined
  if (/prompt is too long|exceed(s|ed)? (the )?context (limit|window)|context window/i.test(message))
    return 'context_window_exceeded'
  if (/content filter/i.test(message)) return 'content_filtered'
  return /credit balance is too low/i.test(message) ? 'permission_denied' : undefined
}

/** An error that came with a status of success: in an event of a stream, or as a whole answer. */
export function failureInBody(body: unknown): LeashError {
  const type = asString(asObject(asObject(body).error).type) ?? 'api_error'
  return decodeError({ status: lookup(statusOfType, type) ?? 500, headers: new Headers(), text: JSON.stringify(asObject(body)) })
}

const typeOfCode: Readonly<Partial<Record<ErrorCode, string>>> = {
  missing_key: 'authentication_error',
  authentication_failed: 'authentication_error',
  budget_exceeded: 'billing_error',
  rate_limited: 'rate_limit_error',
  overloaded: 'overloaded_error',
  circuit_open: 'overloaded_error',
  timeout: 'timeout_error',
  deadline_exceeded: 'timeout_error',
  not_found: 'not_found_error',
  unknown_model: 'not_found_error',
  request_too_large: 'request_too_large',
}

/** `details.error_code` is where the vendor's SDKs look for a stable code. */
export function encodeError(error: LeashError): { readonly status: number; readonly body: JsonObject } {
  const { upstream, status, code } = error
  if (upstream?.protocol === protocolName) {
    const said = parseJson(upstream.text)
    if (asObject(said).type === 'error') return { status: upstream.status, body: said as JsonObject }
  }
  const type = typeOfCode[code] ?? typeOfStatus(status)
  return { status, body: { type: 'error', error: { type, message: error.message, details: { error_code: stableCode(error) } } } }
}

/** On one that is lost, the vendor's SDKs send all of the thread's messages again, which any target takes. */
function stableCode({ code, param }: LeashError): string {
  return code === 'unsupported' && param === 'thread' ? 'thread_not_found' : code
}

function typeOfStatus(status: number): string {
  if (status === 403) return 'permission_error'
  return status < 500 ? 'invalid_request_error' : 'api_error'
}
