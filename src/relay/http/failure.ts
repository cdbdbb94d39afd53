/** What the relay answers by itself when something fails. */
import type { ServerResponse } from 'node:http'
import { isLeashError, type LeashError } from '../../core/errors.js'
import { callId } from '../../core/id.js'
import { toldOutside } from '../../core/inside.js'
import type { Protocol } from '../../protocols/protocol.js'

export interface Failure extends Pick<LeashError, 'message' | 'status' | 'retryAfterMs'> {
  readonly code: string
  /** Of the call; of what never came to be one, a name of its own, to find it by in the log. */
  readonly id: string
  /** What was foreseen, as it is told. */
  readonly told?: LeashError
}

/**
 * What is not ours to have foreseen is told to whoever runs the relay, and not to whoever asked.
 *
 * @param what has failed, for the log
 */
export function failureOf(error: unknown, what: string, warn: (message: string) => void): Failure {
  const id = callId()
  if (isLeashError(error)) {
    const told = toldOutside(error, (message) => warn(`${what} (${id}): ${message}`))
    return { ...named(told, id), told }
  }
  warn(`${what} (${id}): ${error instanceof Error ? (error.stack ?? error.message) : 'unknown reason'}`)
  const message = `The relay has failed. Its log says why, beside ${id}.`
  return { code: 'internal_error', message, status: 500, retryAfterMs: undefined, id }
}

export function named({ code, message, status, retryAfterMs }: LeashError, id = callId()): Failure {
  return { code, message, status, retryAfterMs, id }
}

export const errorBody = ({ code, message }: Pick<Failure, 'code' | 'message'>) => ({
  error: { message, type: 'leash_error', code },
})

export function failureHeaders({ code, retryAfterMs, id }: Failure): Record<string, string> {
  const told = { 'x-leash-error': code, 'x-leash-id': id }
  return retryAfterMs === undefined ? told : { ...told, 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
}

/** @param protocol in whose words, where it is a vendor's SDK that reads them */
export function failureResponse(error: unknown, warn: (message: string) => void, protocol?: Protocol): Response {
  const failure = failureOf(error, 'A request failed', warn)
  const body = failure.told && protocol?.encodeError(failure.told).body
  return Response.json(body ?? errorBody(failure), { status: failure.status, headers: failureHeaders(failure) })
}

export function refuse(outgoing: ServerResponse, failure: Failure): void {
  const body = JSON.stringify(errorBody(failure))
  outgoing.writeHead(failure.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...failureHeaders(failure),
  })
  outgoing.end(body)
}
