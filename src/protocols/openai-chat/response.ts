/** The whole answer, in both directions. */
import type OpenAI from 'openai'
import { callId } from '../../core/id.js'
import { asArray, asNumber, asObject, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type {
  AssistantPart,
  ChatRequest,
  ChatResponse,
  Choice,
  Citation,
  TextPart,
  TokenLogprob,
  ToolCallPart,
} from '../../core/message.js'
import { asJson } from '../as-json.js'
import { argumentsOf, inputIn, takesText } from '../custom-tool.js'
import { sourceOf } from '../data-url.js'
import { extraContent, readExtraContent } from '../extra-content.js'
import type { DecodeContext, ReportLoss } from '../protocol.js'
import { readCitations, readSources, writeCitations } from './citations.js'
import { errorIn } from './error.js'
import { readSpoken, urlOf } from './media.js'
import { argumentsText, thinkingText } from './read-messages.js'
import { readReasoning, signedCalls, textSignature, writeReasoning } from './reasoning.js'
import { usageIn, writeUsage } from './usage.js'
import { malformed, readFinish, type WireCustomCall, type WireToolCall, writeFinish } from './wire.js'

export function decodeResponse(body: unknown, { model, lose }: DecodeContext): ChatResponse {
  const failure = errorIn(body)
  if (failure) throw failure
  if (!isObject(body)) throw malformed('The upstream answered with something that is not a chat completion.')
  const sources = readSources(body)
  const choices = asArray(body.choices)
    .filter(isObject)
    .toSorted((a, b) => (asNumber(a.index) ?? 0) - (asNumber(b.index) ?? 0))
    .map((choice, index) => readChoice(choice, sources, `choices[${index}]`, lose))
  if (choices.length === 0) throw malformed('The upstream answered without any choice.')
  const created = asNumber(body.created)
  const usage = usageIn(body)
  return {
    id: asString(body.id) ?? '',
    model: asString(body.model) || model,
    ...(created !== undefined && { created }),
    choices,
    ...(usage && { usage }),
    ...(typeof body.service_tier === 'string' && { serviceTier: body.service_tier }),
  }
}

function readChoice(choice: Members, sources: readonly Citation[], path: string, lose: ReportLoss): Choice {
  const failure = errorIn(choice)
  if (failure) throw failure
  const content = readAnswer(asObject(choice.message), sources, `${path}.message`, lose)
  const logprobs = readLogprobs(choice.logprobs)
  return {
    content,
    ...readFinish(choice.finish_reason, choice.stop_reason, new Set(content.map(({ type }) => type))),
    ...(logprobs.length > 0 && { logprobs }),
  }
}

function readAnswer(message: Members, sources: readonly Citation[], path: string, lose: ReportLoss): AssistantPart[] {
  const { parts, signatures } = readReasoning(message, path, lose)
  const calls = readCalls(message)
  const chunks = readContent(message.content)
  const texts = chunks.filter((part) => part.type === 'text')
  const last = texts.pop()
  const citations = [...readCitations(message.annotations), ...sources]
  const signature = textSignature(signatures, new Set(calls.map(({ id }) => id)))
  const text: TextPart | undefined = last ?? (signature ? { type: 'text', text: '' } : undefined)
  return [
    ...parts,
    ...chunks.filter((part) => part.type === 'reasoning'),
    ...texts,
    ...(text ? [{ ...text, ...(citations.length > 0 && { citations }), ...(signature && { signature }) }] : []),
    ...(typeof message.refusal === 'string' && message.refusal !== ''
      ? [{ type: 'refusal' as const, text: message.refusal }]
      : []),
    ...readImages(message.images),
    ...readSpoken(message.audio),
    ...signedCalls(calls, signatures),
  ]
}

/** A text, or Mistral's list of chunks: text, thinking, and references to sources, which have no words of their own. */
export function readContent(content: unknown): (TextPart | { type: 'reasoning'; text: string })[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return asArray(content).flatMap((chunk): ReturnType<typeof readContent> => {
    const { type, text } = asObject(chunk)
    if (type === 'thinking') return [{ type: 'reasoning', text: thinkingText(asObject(chunk)) }]
    return type === 'text' && typeof text === 'string' && text !== '' ? [{ type: 'text', text }] : []
  })
}

function readCalls(message: Members): ToolCallPart[] {
  const calls = asArray(message.tool_calls)
  const old = isObject(message.function_call) ? [{ function: message.function_call }] : []
  return [...calls, ...old].map((value) => {
    const call = asObject(value)
    const { name, arguments: given, input } = asObject(call.custom ?? call.function)
    if (typeof name !== 'string' || name === '') throw malformed('The upstream called a tool without naming it.')
    const signature = readExtraContent(call)
    return {
      type: 'tool-call',
      // Unlike that of any earlier turn: Anthropic refuses a history in which two calls have one name.
      id: asString(call.id) || callId(),
      name,
      arguments: call.custom ? argumentsOf(input) : argumentsText(given),
      ...(signature && { signature }),
    }
  })
}

/** As OpenRouter returns the images that a model made. */
export function readImages(images: unknown): AssistantPart[] {
  return asArray(images).flatMap((image): AssistantPart[] => {
    const url = asString(asObject(asObject(image).image_url).url)
    return url ? [{ type: 'image', source: sourceOf(url) }] : []
  })
}

export function readLogprobs(logprobs: unknown): TokenLogprob[] {
  const { content, refusal } = asObject(logprobs)
  return [...asArray(content), ...asArray(refusal)].filter(isObject).map((token) => ({
    ...readLogprob(token),
    ...(Array.isArray(token.top_logprobs) && { top: token.top_logprobs.filter(isObject).map(readLogprob) }),
  }))
}

function readLogprob({ token, logprob, bytes }: Members): Omit<TokenLogprob, 'top'> {
  return {
    token: asString(token) ?? '',
    logprob: asNumber(logprob) ?? 0,
    ...(bytes !== undefined && { bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null }),
  }
}

export function writeLogprobs(tokens: readonly TokenLogprob[]): OpenAI.ChatCompletion.Choice.Logprobs {
  const plain = ({ token, logprob, bytes }: TokenLogprob) => ({ token, logprob, bytes: bytes ? [...bytes] : null })
  return { content: tokens.map((token) => ({ ...plain(token), top_logprobs: (token.top ?? []).map(plain) })), refusal: null }
}

export function encodeResponse(response: ChatResponse, request: ChatRequest): JsonObject {
  const { id, model, created, choices, usage, serviceTier } = response
  return asJson({
    id,
    object: 'chat.completion',
    created: created ?? Math.floor(Date.now() / 1000),
    model,
    choices: choices.map((choice, index) => writeChoice(choice, index, id, request)),
    ...(usage && { usage: writeUsage(usage) }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  })
}

function writeChoice({ content, finishReason, logprobs }: Choice, index: number, id: string, request: ChatRequest): object {
  const refused = content.some(({ type }) => type === 'refusal')
  return {
    index,
    message: writeAnswer(content, id, request),
    logprobs: logprobs ? writeLogprobs(logprobs) : null,
    finish_reason: writeFinish(finishReason, refused),
  }
}

function writeAnswer(content: readonly AssistantPart[], id: string, request: ChatRequest): object {
  const texts = content.filter((part) => part.type === 'text')
  const refusals = content.filter((part) => part.type === 'refusal')
  const calls = content.filter((part) => part.type === 'tool-call')
  const images = content.filter((part) => part.type === 'image')
  const audio = content.find((part) => part.type === 'audio')
  const text = texts.map((part) => part.text).join('')
  const silent = text === '' && calls.length + refusals.length + (audio ? 1 : 0) > 0
  const annotations = annotationsOf(texts)
  return {
    role: 'assistant',
    content: silent ? null : text,
    refusal: refusals.length > 0 ? refusals.map((part) => part.text).join('') : null,
    ...(annotations.length > 0 && { annotations }),
    ...writeReasoning(content),
    ...(images.length > 0 && { images: images.flatMap(({ source }) => writeImage(urlOf(source))) }),
    ...(audio?.source.kind === 'base64' && {
      audio: { id: `audio_${id}`, data: audio.source.data, expires_at: 0, transcript: audio.transcript ?? '' },
    }),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => writeCall(call, request)) }),
  }
}

export function writeImage(url: string | undefined): object[] {
  return url === undefined ? [] : [{ type: 'image_url', image_url: { url } }]
}

function annotationsOf(texts: readonly TextPart[]): JsonObject[] {
  const annotations: JsonObject[] = []
  let offset = 0
  for (const { text, citations } of texts) {
    if (citations) annotations.push(...writeCitations(citations, offset))
    offset += text.length
  }
  return annotations
}

function writeCall({ id, name, arguments: given, signature }: ToolCallPart, request: ChatRequest): WireToolCall | WireCustomCall {
  if (takesText(request, name)) return { id, type: 'custom', custom: { name, input: inputIn(given) }, ...extraContent(signature) }
  return { id, type: 'function', function: { name, arguments: given }, ...extraContent(signature) }
}
