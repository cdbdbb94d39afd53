/**
 * Failures in OpenAI's words, `{ error: { message, type, param, code } }`, which its compatible vendors share with few
 * changes. Source: https://platform.openai.com/docs/guides/error-codes/api-errors
 */
import type { ErrorCode, LeashError } from '../core/errors.js'
import { asNumber, asObject, asString, isObject, type JsonObject, parseJson } from '../core/json.js'
import type { FailedResponse } from './protocol.js'
import { upstreamError, wordsIn } from './upstream-error.js'

interface Failure {
  readonly message: string
  readonly param?: string
  /** The vendor's code and type, and what else it says in words that are meant for programs. */
  readonly words: readonly string[]
  /** The HTTP status, where the body repeats or replaces it. */
  readonly status?: number
}

/** The failure that a body tells of, in the shapes that OpenAI and its compatible vendors have: vLLM and Mistral a bare one. */
function failureIn(body: unknown): Failure | undefined {
  if (!isObject(body)) return undefined
  if (typeof body.error === 'string') return { message: asString(body.message) ?? body.error, words: [body.error] }
  if (isObject(body.error)) return failureOf(body.error)
  return body.object === 'error' || typeof body.message === 'string' ? failureOf(body) : undefined
}

function failureOf(error: Record<string, unknown>): Failure {
  const { code, type, param, innererror, metadata } = error
  const message = asString(error.message) ?? JSON.stringify(error.message ?? error)
  const status = asNumber(error.status_code) ?? asNumber(code) ?? (typeof code === 'string' ? asNumber(Number(code)) : undefined)
  const words = [code, type, asObject(innererror).code].filter((word) => typeof word === 'string')
  // OpenRouter's mark of a prompt that its moderation refused.
  if (asObject(metadata).reasons !== undefined) words.push('content_filter')
  return {
    message,
    words,
    ...(typeof param === 'string' && { param }),
    ...(status !== undefined && status >= 400 && status < 600 && { status }),
  }
}

/** `protocol` is the name of whoever asks: its callers get this failure back as it came. */
export function decodeOpenAiError(protocol: string, failed: FailedResponse): LeashError {
  const failure = failureIn(parseJson(failed.text)) ?? { message: wordsIn(failed.text), words: [] }
  // An error that came with a status of success tells the real one itself, if at all.
  const status = failed.status >= 400 ? failed.status : (failure.status ?? statusOf(failure))
  return upstreamError(protocol, { ...failed, status }, { ...failure, code: codeOf(status, failure) })
}

/** The error that stands in an answer, or in an event of a stream, whose status was 200; undefined when there is none. */
export function openAiErrorIn(protocol: string, body: unknown): LeashError | undefined {
  if (!isObject(body)) return undefined
  const told = body.error ?? (body.object === 'error' ? body : undefined)
  if (!told) return undefined
  return decodeOpenAiError(protocol, { status: 200, headers: new Headers(), text: JSON.stringify(body) })
}

const statusByWord: readonly (readonly [RegExp, number])[] = [
  [/rate_limit|too_many_requests|insufficient_quota/, 429],
  [/overloaded|unavailable/, 503],
  [/invalid_request|content_filter|context_(length|size)/, 400],
  [/authentication|invalid_api_key/, 401],
  [/permission/, 403],
  [/not_found/, 404],
  [/timeout/, 504],
]

/** An error inside a stream has no status of its own: its words say whose fault it is. */
function statusOf({ words }: Failure): number {
  return statusByWord.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1] ?? 502
}

const filtered = /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|content_filtered)$/
/** In words, because only OpenAI has a code for it: Azure, Mistral, DeepSeek, Groq, Together, xAI and llama.cpp each say it their way. */
const tooLong =
  /context.?(length|window|size)|maximum (context|prompt) length|too large for model|reduce the length|too many tokens|max_new_tokens. must be/i
const deepSeekFilter = /^Content Exists Risk/
/** Not all say so by a 404: a code of OpenAI, Groq, Mistral and Hugging Face, and words of DeepSeek, xAI, LiteLLM and OpenRouter. */
const noModel = /^(model.(not|decom)|invalid.model)|not a valid model/i

/** What the words tell beyond the status. */
function codeOf(status: number, { words, message }: Failure): ErrorCode | undefined {
  if (words.some((word) => filtered.test(word)) || deepSeekFilter.test(message)) return 'content_filtered'
  if (words.includes('context_length_exceeded')) return 'context_window_exceeded'
  if (status === 400 && [message, ...words].some((word) => noModel.test(word))) return 'not_found'
  return (status === 400 || status === 413 || status === 422) && tooLong.test(message) ? 'context_window_exceeded' : undefined
}

const typeByStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'insufficient_quota',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

/** The failure as the caller's own vendor would tell it; one that came in this very protocol goes back as it came. */
export function encodeOpenAiError(protocol: string, error: LeashError): { readonly status: number; readonly body: JsonObject } {
  const { upstream, status, code, param } = error
  if (upstream?.protocol === protocol) {
    const body = parseJson(upstream.text)
    if (isObject(body) && isObject(body.error)) return { status: upstream.status, body: body as JsonObject }
  }
  const type = typeByStatus[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
  return { status, body: { error: { message: error.message, type, param: param ?? null, code } } }
}
