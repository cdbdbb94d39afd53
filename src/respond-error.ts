/** Errors as what a vendor's SDK expects from `fetch`, and what a host writes of them. */
import type { Report } from './core/call.js'
import { type LeashError, thrown } from './core/errors.js'
import { requestId } from './core/request-id.js'
import { tellIn, withReport } from './leashed-headers.js'
import type { Protocol } from './protocols/protocol.js'
import { retryAfterMs } from './protocols/retry-after.js'
import { leashed } from './respond.js'

export function respondError(error: LeashError, protocol: Protocol, report: Report): Response {
  const { status, statusText = '', headers, text, breaksOff } = failureIn(error, protocol, report)
  const response = new Response(null, { status, statusText })
  return leashed(response, { headers, ...(breaksOff ? { stream: brokenOff(text, error) } : { text }), used: false })
}

interface Failure {
  readonly status: number
  readonly statusText?: string | undefined
  readonly headers: Headers
  readonly text: string
  /** The stream was given up after so much of it. */
  readonly breaksOff?: boolean
}

export async function* brokenOff(text: string, error: LeashError): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
  throw thrown(error)
}

/** A failure as the caller's vendor would answer it. The SDK that reads it must not start a second round of retries. */
export function failureIn(error: LeashError, protocol: Protocol, report: Report): Failure {
  const own = error.upstream?.protocol === protocol.name ? error.upstream : undefined
  // Told in a stream that began well: SDKs read it as that stream, and do not send it again.
  if (own && own.status < 400) {
    const breaksOff = error.code === 'upstream_malformed'
    return { status: own.status, headers: tellIn(own.headers, report), text: own.text, breaksOff }
  }
  const { headers: theirs } = error.upstream ?? {}
  const headers = withReport(own?.headers ?? new Headers({ 'content-type': 'application/json', ...requestId(theirs) }), report)
  headers.set('x-should-retry', 'false')
  headers.set('x-leash-error', error.code)
  const wait = error.retryAfterMs
  // The vendor spoke of one key, and another is ready sooner.
  const sooner = own && wait !== undefined && wait < (retryAfterMs(own.headers) ?? 0)
  if (sooner) headers.delete('retry-after-ms')
  if (wait !== undefined && (!own || sooner)) headers.set('retry-after', String(Math.ceil(wait / 1000)))
  if (own) return { ...own, headers }
  const { status, body } = protocol.encodeError(error)
  for (const [name, value] of Object.entries(error.headers ?? {})) headers.set(name, value)
  return { status, headers, text: JSON.stringify(body) }
}
