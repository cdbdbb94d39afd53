import { addLangChainErrorFields, ContextOverflowError, type LangChainErrorCodes, stampRetryable } from '@langchain/core/errors'
import { type ErrorCode, isLeashError, thrown } from '../../core/errors.js'

/** https://docs.langchain.com/oss/javascript/langchain/errors */
const codes: Partial<Record<ErrorCode, LangChainErrorCodes>> = {
  authentication_failed: 'MODEL_AUTHENTICATION',
  missing_key: 'MODEL_AUTHENTICATION',
  not_found: 'MODEL_NOT_FOUND',
  unknown_model: 'MODEL_NOT_FOUND',
  rate_limited: 'MODEL_RATE_LIMIT',
}

/** A failure as LangChain knows it. Never one that it would try again: the leash has done that. */
export function failureOf(error: unknown): unknown {
  if (!isLeashError(error)) return error
  // An abort is known by what the platform throws.
  if (error.code === 'aborted') return thrown(error)
  if (error.code === 'context_window_exceeded')
    return addLangChainErrorFields(ContextOverflowError.fromError(error), 'CONTEXT_OVERFLOW')
  const code = codes[error.code]
  return stampRetryable(code ? addLangChainErrorFields(error, code) : error, false)
}
