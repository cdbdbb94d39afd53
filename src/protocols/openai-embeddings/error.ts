import type { LeashError } from '../../core/errors.js'
import { decodeOpenAiError, encodeOpenAiError } from '../openai-error.js'
import type { FailedResponse } from '../protocol.js'

export const protocolName = 'openai-embeddings'

export function decodeError(failed: FailedResponse): LeashError {
  return decodeOpenAiError(protocolName, failed)
}

export function encodeError(error: LeashError): ReturnType<typeof encodeOpenAiError> {
  return encodeOpenAiError(protocolName, error)
}
