/** What the AI SDK's models have in common: they have no address, and tell failures as JSON. */
import { isErrorCode } from '../core/error-code.js'
import { LeashError } from '../core/errors.js'
import { asNumber, asObject, asString, compact, isObject, type JsonObject, parseJson } from '../core/json.js'
import { sse } from './framing/sse.js'
import type { FailedResponse, Native } from './protocol.js'
import { codeOfStatus, upstreamError, withoutKeys } from './upstream-error.js'

/** All of a protocol but what it says. */
export function withinProcess(protocol: string): Omit<Native, 'kind' | 'lens'> {
  return {
    name: protocol,
    framing: sse,
    headers: [],
    match: () => undefined,
    withModel: (body) => body,
    decodeError(failed: FailedResponse) {
      const { error } = asObject(parseJson(failed.text))
      return upstreamError(protocol, failed, { message: asString(asObject(error).message) ?? '' })
    },
    encodeError: (error) => ({ status: error.status, body: { error: writeError(error) } }),
  }
}

export function writeError({ code, detail, status, retryable, retryAfterMs, param }: LeashError): JsonObject {
  return compact({ code, message: detail, status, retryable, retryAfterMs, param })
}

/** What is meant by a failure that was written so, or by whatever else a model puts in its place. */
export function readError(error: unknown): LeashError {
  const { message, code, status, statusCode, retryable, isRetryable, retryAfterMs, param } = asObject(error)
  const number = asNumber(status) ?? asNumber(statusCode)
  const said = isObject(error) ? asString(message) : asString(error)
  const wait = asNumber(retryAfterMs)
  const member = asString(param)
  return new LeashError(
    isErrorCode(code) ? code : number === undefined ? 'upstream_error' : codeOfStatus(number),
    withoutKeys(said || 'The model failed while it was answering. Send the call again.'),
    {
      ...(number !== undefined && { status: number }),
      retryable: (retryable ?? isRetryable) === true,
      ...(wait !== undefined && { retryAfterMs: wait }),
      ...(member !== undefined && { param: member }),
    },
  )
}
