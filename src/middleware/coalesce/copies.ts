/** What one caller does to its answer or its error is not to reach another. */
import type { UnaryResult } from '../../core/call.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { parseExact } from '../../core/exact-json.js'
import { LazyAnswer } from '../../core/lazy-answer.js'

export function copyOfAnswer(result: UnaryResult): UnaryResult {
  const { status, headers, attempt, text } = result
  const around = { stream: false, status, headers: new Headers(headers), ...(attempt && { attempt }) } as const
  if (text === undefined) return { ...around, body: parseExact(JSON.stringify(result.body)) }
  return new LazyAnswer(around, text, () => (typeof result.body === 'string' ? text : JSON.parse(text)))
}

/** The attempts of its call are written into an error when it leaves the leash, and headers into the vendor's. */
export function copyOfError(error: unknown): unknown {
  if (!isLeashError(error)) return error
  const { code, detail, status, retryable, retryAfterMs, param, headers, upstream, cause } = error
  const theirs = upstream && { ...upstream, headers: new Headers(upstream.headers) }
  return new LeashError(code, detail, { status, retryable, retryAfterMs, param, headers, upstream: theirs, cause })
}
