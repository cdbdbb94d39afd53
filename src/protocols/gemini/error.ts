import type { LeashError } from '../../core/errors.js'
import { asNumber, asObject, type JsonObject } from '../../core/json.js'
import { decodeGoogleError, encodeGoogleError } from '../google-error.js'
import type { FailedResponse } from '../protocol.js'

export function decodeError(failed: FailedResponse): LeashError {
  return decodeGoogleError('gemini', failed)
}

/** An error that came in the middle of a stream: the chunk, and its text. */
export function decodeFailure(chunk: Record<string, unknown>, text: string): LeashError {
  return decodeError({ status: asNumber(asObject(chunk.error).code) ?? 500, headers: new Headers(), text })
}

export function encodeError(error: LeashError): { readonly status: number; readonly body: JsonObject } {
  return encodeGoogleError('gemini', error)
}
