import { isLeashError, LeashError } from '../../core/errors.js'
import { asNumber, asObject, asString, parseJson } from '../../core/json.js'
import { protocolName } from '../../protocols/ai-sdk/wire.js'
import { protocolNamed } from '../../protocols/index.js'
import { openAiErrorIn } from '../../protocols/openai-error.js'
import type { FailedResponse } from '../../protocols/protocol.js'
import { upstreamError, withoutKeys } from '../../protocols/upstream-error.js'

/** What a model of the AI SDK threw: of a vendor's refusal its body tells more than the AI SDK hands on. */
export async function refusalOf(error: unknown): Promise<LeashError> {
  const { message, responseBody } = asObject(error)
  const failed = typeof responseBody === 'string' ? failedIn(asObject(error), responseBody) : undefined
  if (failed && failed.status < 400) return openAiErrorIn(protocolName, parseJson(failed.text)) ?? unreadable(error)
  const told = failed && (await protocolNamed(spokenIn(failed.text)))?.decodeError(failed)
  if (!told) return failureOf(error)
  const { code, detail, param, retryAfterMs: waitMs } = told
  return upstreamError(protocolName, failed, { message: asString(message) || detail, code, param, waitMs })
}

/** Each vendor's errors have a shape of their own, and all others have OpenAI's. */
function spokenIn(text: string): string {
  const { type, error } = asObject(parseJson(text))
  if (type === 'error') return 'anthropic-messages'
  return typeof asObject(error).status === 'string' ? 'gemini' : 'openai-chat'
}

function failedIn({ name, statusCode, responseHeaders }: Record<string, unknown>, text: string): FailedResponse | undefined {
  const status = asNumber(statusCode)
  // What a vendor says in the middle of a stream comes in no class, and with the same members.
  if (status === undefined || (name !== 'AI_APICallError' && name !== undefined)) return undefined
  return { status, headers: new Headers(asObject(responseHeaders) as Record<string, string>), text }
}

/** A status of success, and yet no answer: told by that status, it would be taken for one. */
function unreadable(cause: unknown): LeashError {
  const message = 'A model of the AI SDK could not read the answer of its vendor. Send the call again.'
  return new LeashError('upstream_malformed', message, { retryable: true, cause })
}

/** The same without its body. Known by its name: there may be several copies of the classes. */
export function failureOf(error: unknown): LeashError {
  if (isLeashError(error)) return error
  const { name, message, isRetryable } = asObject(error)
  const said = asString(message) ?? ''
  const failed = failedIn(asObject(error), '')
  if (failed) return failed.status < 400 ? unreadable(error) : upstreamError(protocolName, failed, { message: said })
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
