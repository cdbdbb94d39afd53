/** What the relay answers by itself when something fails. */
import type { ServerResponse } from 'node:http'
import { isLeashError, type LeashError } from '../../core/errors.js'
import type { Protocol } from '../../protocols/protocol.js'

export type Failure = Pick<LeashError, 'message' | 'status' | 'retryAfterMs'> & { readonly code: string }

/**
 * What is not ours to have foreseen is told to whoever runs the relay, and not to whoever asked.
 *
 * @param what has failed, for the log
 */
export function failureOf(error: unknown, what: string, warn: (message: string) => void): Failure {
  if (isLeashError(error)) return error
  warn(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown reason'}`)
  return { code: 'internal_error', message: 'The relay has failed. Its log says why.', status: 500, retryAfterMs: undefined }
}

export const errorBody = ({ code, message }: Pick<Failure, 'code' | 'message'>) => ({
  error: { message, type: 'leash_error', code },
})

export function retryAfter({ retryAfterMs }: Pick<Failure, 'retryAfterMs'>): Record<string, string> {
  return retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
}

/** @param protocol in whose words, where it is a vendor's SDK that reads them */
export function failureResponse(error: unknown, warn: (message: string) => void, protocol?: Protocol): Response {
  const failure = failureOf(error, 'A request failed', warn)
  const body = isLeashError(error) ? protocol?.encodeError(error).body : undefined
  return Response.json(body ?? errorBody(failure), { status: failure.status, headers: retryAfter(failure) })
}

export function refuse(outgoing: ServerResponse, failure: Failure): void {
  const body = JSON.stringify(errorBody(failure))
  outgoing.writeHead(failure.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...retryAfter(failure),
  })
  outgoing.end(body)
}
