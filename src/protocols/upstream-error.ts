/** What a refusal means wherever HTTP is spoken; a protocol adds what its vendor's own words tell beyond the status. */
import { type ErrorCode, LeashError } from '../core/errors.js'
import { asObject, asString, parseJson } from '../core/json.js'
import type { FailedResponse } from './protocol.js'
import { retryAfterMs } from './retry-after.js'

const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'authentication_failed',
  // The vendor's own bill, not a budget of ours.
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

export function codeOfStatus(status: number): ErrorCode {
  return codes[status] ?? (status >= 500 ? 'upstream_error' : 'invalid_request')
}

export interface Told {
  readonly message: string
  /** What the vendor's words say, where that is more than the status does. */
  readonly code?: ErrorCode | undefined
  readonly param?: string | undefined
  /** What the vendor's body asks us to wait, in milliseconds; its headers come first. */
  readonly waitMs?: number | undefined
}

/** The statuses are those that the vendors' own SDKs send again, unless the answer says otherwise in `x-should-retry`. */
export function upstreamError(protocol: string, failed: FailedResponse, { message, code, param, waitMs }: Told): LeashError {
  const { status, headers } = failed
  const told = headers.get('x-should-retry')
  const again = status === 408 || status === 409 || status === 429 || status >= 500
  const wait = retryAfterMs(headers) ?? waitMs
  const meant = code ?? codeOfStatus(status)
  const words = withoutMark(meant, withoutKeys(message)) || `The upstream answered with status ${status}.`
  return new LeashError(meant, words, {
    status,
    retryable: told === 'true' || (again && told !== 'false'),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(param !== undefined && { param }),
    upstream: { protocol, ...failed },
  })
}

/**
 * What a refusal says that is not in the vendor's own shape: of a gateway or a framework in front of it. A page is made for
 * eyes, and says nothing.
 */
export function wordsIn(text: string): string {
  const { error, message, detail } = asObject(parseJson(text))
  const said = [asObject(error).message, message, error].find((words) => asString(words) !== undefined) ?? detail
  if (said !== undefined) return asString(said) ?? JSON.stringify(said).slice(0, longest)
  return text.trim().startsWith('<') ? '' : text.trim().slice(0, longest)
}

/** What stands where no message is due may be all that was sent. */
const longest = 500

/** A relay, or another leash, has put the code in front already. */
function withoutMark(code: ErrorCode, message: string): string {
  const mark = `[${code}] `
  return message.startsWith(mark) ? message.slice(mark.length) : message
}

/** Vendors quote the key that they refuse, and not all of them mask it. */
export function withoutKeys(message: string): string {
  return message
    .replace(/\b(Bearer\s+)\S+/gi, '$1***')
    .replace(/\b((?:sk|pk|rk|gsk|xai|nvapi|csk|fw|pplx|hf|tgp|key)[-_]|AIza)[\w*.-]{8,}/g, '$1***')
}
