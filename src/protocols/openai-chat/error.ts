import type { LeashError } from '../../core/errors.js'
import { asObject, isObject } from '../../core/json.js'
import { decodeOpenAiError, encodeOpenAiError, openAiErrorIn } from '../openai-error.js'
import type { FailedResponse } from '../protocol.js'
import { protocolName } from './wire.js'

export function decodeError(failed: FailedResponse): LeashError {
  return decodeOpenAiError(protocolName, failed)
}

export function encodeError(error: LeashError): ReturnType<typeof encodeOpenAiError> {
  return encodeOpenAiError(protocolName, error)
}

/** The error in an answer or a chunk that came with status 200, as OpenRouter and Groq send it. */
export function errorIn(body: unknown): LeashError | undefined {
  return openAiErrorIn(protocolName, body)
}

/** The same of an event: one of the name `error` may be nothing else. */
export function errorInEvent(event: string | undefined, chunk: unknown): LeashError | undefined {
  return errorIn(event === 'error' && !isObject(asObject(chunk).error) ? { error: chunk ?? 'The stream failed.' } : chunk)
}
