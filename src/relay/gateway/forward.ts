/** Requests to a vendor that are no calls to a model: passed on as they are, but for who asks. */
import { forwardable } from '../../answered.js'
import { LeashError } from '../../core/errors.js'
import type { Provider } from '../../core/provider.js'
import type { Transport } from '../../core/transport.js'
import { textOf } from '../../transport/refused.js'
import { addressAt } from './raw-path.js'

/** About the connection, who asks, where it came from, and what is asked for after all: the vendor is asked by the relay, over a connection of its own. */
const ours =
  /^(?:authorization|x-api-key|api-key|x-goog-api-key|x-goog-user-project|openai-(?:organization|project)|cookie|host|origin|referer|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|accept-encoding|via|forwarded|x-(?:forwarded|real|leash|client)-.*|x-(?:http-)?method(?:-override)?|cf-.*|true-client-ip|proxy-.*|sec-.*|access-control-.*)$/

/** It was unpacked. */
const outdated = /^content-(?:length|encoding)$/

/** An answer has to begin within so many milliseconds. */
const patience = 600_000

export interface Forwarded {
  readonly provider: Provider
  readonly method: string
  /** Checked. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body?: Uint8Array
  readonly signal: AbortSignal
}

/** @throws LeashError `unsupported`, `missing_key`, `network_error`, `timeout`, or `upstream_error` for a redirect */
export async function forward(request: Forwarded, transport: Transport): Promise<Response> {
  const { provider, method, path, headers, body } = request
  const asked = await provider.probe?.('')
  if (!asked)
    throw new LeashError('unsupported', `The provider "${provider.name}" has no address that requests can be passed on to.`)
  const named = new Set(
    (headers.get('connection') ?? '')
      .toLowerCase()
      .split(',')
      .map((one) => one.trim()),
  )
  const sent = new Headers([...headers].filter(([name]) => !ours.test(name) && !named.has(name)))
  for (const [name, value] of Object.entries(asked.headers)) sent.set(name, value)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), patience)
  try {
    const response = await transport(addressOf(asked.url, path, request.query), {
      method,
      headers: sent,
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, late.signal]),
      ...(body && { body: body as BodyInit }),
    })
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400 && response.status !== 304))
      throw new LeashError('upstream_error', `"${provider.name}" redirects elsewhere, where its key must not follow.`)
    const kept = forwardable(response.headers).filter(([name]) => !outdated.test(name))
    const told = response.ok || !response.body ? response.body : await textOf(response, asked.headers)
    return new Response(told, { status: response.status, headers: kept })
  } catch (cause) {
    if (cause instanceof LeashError) throw cause
    if (late.signal.aborted) throw new LeashError('timeout', `"${provider.name}" has not answered in time.`, { cause })
    throw new LeashError('network_error', `The connection to "${provider.name}" failed.`, { retryable: true, cause })
  } finally {
    clearTimeout(timer)
    asked.key?.done()
  }
}

/** A key in the address is the caller's, and none of the vendor's. */
function addressOf(base: string, path: string, query: URLSearchParams): string {
  const { origin, pathname, searchParams } = new URL(base)
  for (const [name, value] of query) if (name !== 'key') searchParams.append(name, value)
  const search = searchParams.toString()
  return addressAt(origin + pathname, path) + (search && `?${search}`)
}
