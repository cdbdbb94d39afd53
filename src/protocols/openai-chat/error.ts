import type { LeashError } from '../../core/errors.js'
import { decodeOpenAiError, encodeOpenAiError, openAiErrorIn } from '../openai-error.js'
import type { FailedResponse } from '../protocol.js'
import { protocolName } from './wire.js'

export function decodeError(failed: FailedResponse): LeashError {
  return decodeOpenAiError(protocolName, failed)
}

export function encodeError(error: LeashError): ReturnType<typeof encodeOpenAiError> {
  return encodeOpenAiError(protocolName, error)
}

/** The error in an answer or an event that came with status 200, as OpenRouter and Groq send it. */
export function errorIn(body: unknown): LeashError | undefined {
  return openAiErrorIn(protocolName, body)
}
