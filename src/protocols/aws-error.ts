/**
 * Refusals: AWS names the kind in a header or in the body, and in a stream by the name of the exception.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */
import { type ErrorCode, LeashError, type UpstreamFailure } from '../core/errors.js'
import { asObject, asString, isObject, type JsonObject, parseJson } from '../core/json.js'
import { lookup } from './lookup.js'
import type { FailedResponse } from './protocol.js'
import { retryAfterMs } from './retry-after.js'
import { codeOfStatus, withoutKeys } from './upstream-error.js'

interface Kind {
  readonly code: ErrorCode
  /** What the exception has over HTTP, for one that came inside a stream. */
  readonly status: number
  readonly retryable?: boolean
}

/** By the exception's name, without `Exception` and in lower case. */
const kinds: Readonly<Record<string, Kind>> = {
  accessdenied: { code: 'permission_denied', status: 403 },
  unrecognizedclient: { code: 'authentication_failed', status: 403 },
  invalidsignature: { code: 'authentication_failed', status: 403 },
  incompletesignature: { code: 'authentication_failed', status: 400 },
  missingauthenticationtoken: { code: 'authentication_failed', status: 403 },
  invalidclienttokenid: { code: 'authentication_failed', status: 403 },
  expiredtoken: { code: 'authentication_failed', status: 403 },
  resourcenotfound: { code: 'not_found', status: 404 },
  validation: { code: 'invalid_request', status: 400 },
  serialization: { code: 'invalid_request', status: 400 },
  conflict: { code: 'upstream_error', status: 400 },
  throttling: { code: 'rate_limited', status: 429, retryable: true },
  toomanyrequests: { code: 'rate_limited', status: 429, retryable: true },
  // A quota of the account that waiting does not lift.
  servicequotaexceeded: { code: 'rate_limited', status: 400, retryable: false },
  modelnotready: { code: 'overloaded', status: 429, retryable: true },
  modeltimeout: { code: 'timeout', status: 408, retryable: true },
  modelerror: { code: 'upstream_error', status: 424, retryable: true },
  modelstreamerror: { code: 'upstream_error', status: 424, retryable: true },
  internalserver: { code: 'upstream_error', status: 500, retryable: true },
  internalfailure: { code: 'upstream_error', status: 500, retryable: true },
  serviceunavailable: { code: 'overloaded', status: 503, retryable: true },
}

/** The models behind Bedrock each say it in their own words; all come as a ValidationException. */
const tooLong =
  /input is too long|prompt is too long|too many (input )?tokens|context (length|window|limit)|maximum (number of )?(input )?tokens|input length and `?max_tokens`? exceed/i
const filtered = /content filter|content polic|blocked by/i
/** Nor is every model that is not there a ResourceNotFoundException. */
const noModel = /model identifier is invalid|on-demand throughput|support the model that you provided/i

/** `protocol` is the name of whoever asks: its callers get this failure back as it came. */
export function decodeAwsError(protocol: string, failed: FailedResponse): LeashError {
  const body = asObject(parseJson(failed.text))
  const type = failed.headers.get('x-amzn-errortype') ?? asString(body.__type) ?? asString(body.code)
  return errorOf(protocol, type, messageOf(body), failed)
}

/** Bedrock's exceptions keep the names they have in the API, whatever new ones come. */
export function isAwsFailure(event: string): boolean {
  return event === 'error' || event.endsWith('Exception')
}

/** An exception amid a stream, or an error of the stream itself. */
export function awsStreamError(protocol: string, name: string, data: string): LeashError {
  const body = asObject(parseJson(data))
  const type = name === 'error' ? asString(body.code) : name
  return errorOf(protocol, type, messageOf(body), { status: kindOf(type)?.status ?? 500, headers: new Headers(), text: data })
}

function errorOf(protocol: string, type: string | undefined, said: string | undefined, failed: FailedResponse): LeashError {
  const { status, headers } = failed
  const kind = kindOf(type)
  const wait = retryAfterMs(headers)
  const message = harmless(said ?? '') || `Bedrock answered with status ${status}${kind ? ` (${type})` : ''} and no message.`
  return new LeashError(refined(kind?.code ?? codeOfStatus(status), message), message, {
    status,
    retryable: told(headers) ?? kind?.retryable ?? (status === 408 || status === 409 || status === 429 || status >= 500),
    ...(wait !== undefined && { retryAfterMs: wait }),
    upstream: { protocol, ...failed },
  })
}

function kindOf(type: string | undefined): Kind | undefined {
  // `com.amazon.coral.validate#ValidationException`, `ValidationException:http://internal.amazon.com/…`, `validationException`
  const name = type
    ?.slice(type.indexOf('#') + 1)
    .replace(/:.*/, '')
    .replace(/Exception$/, '')
    .toLowerCase()
  return lookup(kinds, name) ?? lookup(kinds, name?.replace(/error$/, ''))
}

function refined(code: ErrorCode, message: string): ErrorCode {
  if (code !== 'invalid_request') return code
  if (tooLong.test(message)) return 'context_window_exceeded'
  if (noModel.test(message)) return 'not_found'
  return filtered.test(message) ? 'content_filtered' : code
}

function messageOf(body: Record<string, unknown>): string | undefined {
  return asString(body.message) ?? asString(body.Message)
}

/** A refused signature is answered with the request as AWS read it, session token and all: that part is left out, as are keys. */
function harmless(message: string): string {
  const end = message.indexOf('The Canonical String for this request')
  return withoutKeys(end < 0 ? message : message.slice(0, end))
    .replace(/\b(AKIA|ASIA|ABSK|bedrock-api-key-)[A-Za-z0-9+/=_-]{8,}/g, '$1…')
    .trim()
}

function told(headers: Headers): boolean | undefined {
  const header = headers.get('x-should-retry')
  return header === 'true' ? true : header === 'false' ? false : undefined
}

/** The exceptions that AWS's SDKs have classes for. */
const exceptions: Partial<Record<ErrorCode, string>> = {
  authentication_failed: 'UnrecognizedClientException',
  missing_key: 'UnrecognizedClientException',
  permission_denied: 'AccessDeniedException',
  policy_blocked: 'AccessDeniedException',
  model_not_allowed: 'AccessDeniedException',
  not_found: 'ResourceNotFoundException',
  budget_exceeded: 'ServiceQuotaExceededException',
  rate_limited: 'ThrottlingException',
  timeout: 'ModelTimeoutException',
  deadline_exceeded: 'ModelTimeoutException',
  overloaded: 'ServiceUnavailableException',
  circuit_open: 'ServiceUnavailableException',
}

/** `message` keeps the code in front: an exception of AWS has no member for it. */
export function encodeAwsError(protocol: string, error: LeashError): { readonly status: number; readonly body: JsonObject } {
  const { code, status, message, upstream } = error
  if (upstream?.protocol === protocol) {
    const theirs = parseJson(upstream.text)
    if (isObject(theirs)) return { status: upstream.status, body: { ...typed(upstream), ...theirs } }
  }
  const fallback = status < 500 ? 'ValidationException' : 'InternalServerException'
  return { status, body: { __type: exceptions[code] ?? fallback, message } }
}

/** The kind as the header had it, for whoever reads the body alone. */
function typed({ headers }: UpstreamFailure): { __type?: string } {
  const type = headers.get('x-amzn-errortype')?.replace(/:.*/, '')
  return type ? { __type: type } : {}
}
