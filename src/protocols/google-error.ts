/**
 * Failures in Google's words, `{error: {code, message, status, details}}`, which all its APIs share.
 * Source: https://cloud.google.com/apis/design/errors
 */
import type { ErrorCode, LeashError } from '../core/errors.js'
import { asArray, asObject, asObjects, asString, isObject, type JsonObject, parseJson } from '../core/json.js'
import type { FailedResponse } from './protocol.js'
import { upstreamError, wordsIn } from './upstream-error.js'

/** `protocol` is the name of whoever asks: its callers get this failure back as it came. */
export function decodeGoogleError(protocol: string, failed: FailedResponse): LeashError {
  const error = errorIn(parseJson(failed.text))
  const details = asObjects(error.details)
  const message = asString(error.message) ?? wordsIn(failed.text)
  return upstreamError(protocol, failed, {
    message: withoutGoogleKeys(message),
    code: codeOf(failed.status, message, details),
    param: asString(asObject(asArray(violations(details))[0]).field) || undefined,
    waitMs: retryInfo(details),
  })
}

/** A stream that was asked for without `alt=sse` fails with a list of one. */
function errorIn(body: unknown): Record<string, unknown> {
  return asObject(asObject(Array.isArray(body) ? body[0] : body).error)
}

/** What Google's words say beyond the status: its own stand first, and what it quotes of the request can be long. */
function codeOf(status: number, message: string, details: readonly Record<string, unknown>[]): ErrorCode | undefined {
  if (status === 400) {
    const text = message.slice(0, 2000)
    // Google answers a wrong key with 400, and tells it apart only here.
    if (details.some(({ reason }) => reason === 'API_KEY_INVALID') || /API key (not valid|expired)/i.test(text))
      return 'authentication_failed'
    if (/token count.*exceeds|exceeds the maximum number of tokens|input context is too long/is.test(text))
      return 'context_window_exceeded'
    if (/payload size exceeds/i.test(text)) return 'request_too_large'
    if (/location is not supported/i.test(text)) return 'permission_denied'
    if (/(content|prompt)\b.*\b(blocked|violat|prohibited)|safety polic/is.test(text)) return 'content_filtered'
  }
  return undefined
}

/** `{"@type": "….RetryInfo", "retryDelay": "34.07s"}`, in milliseconds. */
function retryInfo(details: readonly Record<string, unknown>[]): number | undefined {
  const delay = details.map(({ retryDelay }) => asString(retryDelay)).find(Boolean)
  const seconds = delay?.endsWith('s') ? Number(delay.slice(0, -1)) : Number.NaN
  return seconds >= 0 ? Math.ceil(seconds * 1000) : undefined
}

function violations(details: readonly Record<string, unknown>[]): unknown {
  return details.find(({ fieldViolations }) => fieldViolations !== undefined)?.fieldViolations
}

/** Google quotes a wrong key back; its keys and tokens are known only here. */
function withoutGoogleKeys(text: string): string {
  return text.replace(/AIza[\w-]{10,}|AQ\.[\w-]{10,}|ya29\.[\w.-]+/g, '***')
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const grpcByStatus: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

export function encodeGoogleError(protocol: string, error: LeashError): { readonly status: number; readonly body: JsonObject } {
  const { status, upstream } = error
  if (upstream?.protocol === protocol) {
    const parsed = parseJson(upstream.text)
    const theirs: unknown = Array.isArray(parsed) ? parsed[0] : parsed
    if (isObject(theirs) && isObject(theirs.error)) return { status: upstream.status, body: theirs as JsonObject }
  }
  const grpc = grpcByStatus[status] ?? (status >= 500 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT')
  const reason = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: error.code, domain: 'leashllm' }
  return { status, body: { error: { code: status, message: error.message, status: grpc, details: [reason] } } }
}
