import { isLeashError, LeashError } from '../../core/errors.js'
import { asNumber, asObject, asString } from '../../core/json.js'
import { protocolName } from '../../protocols/ai-sdk/wire.js'
import { upstreamError, withoutKeys } from '../../protocols/upstream-error.js'

/** What a model of the AI SDK threw. Known by its name: there may be several copies of the classes. */
export function failureOf(error: unknown): LeashError {
  if (isLeashError(error)) return error
  const { name, message, statusCode, responseHeaders, responseBody, isRetryable } = asObject(error)
  const status = asNumber(statusCode)
  const said = asString(message) ?? ''
  // What a vendor says in the middle of a stream comes in no class, and with the same members.
  if ((name === 'AI_APICallError' || name === undefined) && status !== undefined) {
    const headers = new Headers(asObject(responseHeaders) as Record<string, string>)
    return upstreamError(protocolName, { status, headers, text: asString(responseBody) ?? '' }, { message: said })
  }
  if (name === 'AI_NoSuchModelError') {
    const message = `${withoutKeys(said)}. Choose one that this provider of the AI SDK has.`
    return new LeashError('not_found', message, { cause: error })
  }
  if (name === 'AI_LoadAPIKeyError') return new LeashError('missing_key', said, { cause: error })
  if (isRetryable === true) {
    const why = 'The connection of a model of the AI SDK failed. Check the network and its base URL.'
    return new LeashError('network_error', why, { retryable: true, cause: error })
  }
  // Other messages of the AI SDK's quote what they refuse.
  return new LeashError('upstream_error', `A model of the AI SDK failed with ${String(name ?? 'something that is no error')}.`, {
    cause: error,
  })
}
