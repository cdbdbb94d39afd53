/** The whole answer, in both directions. */
import { LeashError } from '../../core/errors.js'
import { parseExact } from '../../core/exact-json.js'
import { asNumber, asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { AssistantPart, AudioPart, ChatResponse, Choice, ImagePart, TextPart } from '../../core/message.js'
import { lookup } from '../lookup.js'
import type { DecodeContext, ReportLoss } from '../protocol.js'
import { citationsOf, encodeCitations } from './citations.js'
import { decodeFailure } from './error.js'
import { finishReasonOf, isBlocked, wireFinishReasons } from './finish.js'
import { callId, responseIdOf } from './ids.js'
import { decodeLogprobs, encodeLogprobs } from './logprobs.js'
import { decodeCall, decodePart } from './parts.js'
import { madeElsewhere, wrapSignature } from './signature.js'
import { decodeUsage, encodeUsage, queriesIn, tierOf } from './usage.js'
import { message, messages, type WirePart } from './wire.js'

export function decodeResponse(value: unknown, { model, lose }: DecodeContext): ChatResponse {
  if (!isObject(value)) throw malformed('with something that is not an object')
  if (value.error !== undefined) throw decodeFailure(value, JSON.stringify(value))
  const head = decodeHead(value, model)
  const candidates = messages(value.candidates)
  const calls = callCounter(head.id)
  const choices = candidates.map((candidate, index) => decodeCandidate(candidate, `candidates[${index}]`, calls, lose))
  // A blocked prompt has no candidates: its answer is an empty one that the filter cut.
  if (choices.length === 0) {
    if (!isBlocked(value)) throw malformed('without any candidate')
    choices.push({ content: [], finishReason: 'content-filter' })
  }
  const usage = decodeUsage(value.usageMetadata, queriesIn(value))
  return { ...head, choices, ...(usage && { usage }), ...decodeTier(value) }
}

function malformed(how: string): LeashError {
  return new LeashError('upstream_malformed', `Gemini answered ${how}. Send the call again.`, { retryable: true })
}

export interface Head {
  readonly id: string
  readonly model: string
  readonly created?: number
}

/** What is said of the answer as a whole. */
export function decodeHead(body: Record<string, unknown>, model: string): Head {
  const created = Date.parse(asString(body.createTime) ?? '')
  return {
    id: responseIdOf(body.responseId),
    model: asString(body.modelVersion) ?? model,
    ...(!Number.isNaN(created) && { created: Math.floor(created / 1000) }),
  }
}

/** In OpenAI's words. */
const tiers = { standard: 'default', ON_DEMAND: 'default', ON_DEMAND_FLEX: 'flex', ON_DEMAND_PRIORITY: 'priority' } as const

export function decodeTier(body: Record<string, unknown>): { serviceTier?: string } {
  const tier = tierOf(body.usageMetadata)
  return tier === undefined ? {} : { serviceTier: lookup(tiers, tier) ?? tier }
}

/** Names for calls without an id, counted through all candidates. */
export function callCounter(responseId: string): () => string {
  let calls = 0
  return () => callId(responseId, calls++)
}

function decodeCandidate(candidate: Record<string, unknown>, path: string, nextId: () => string, lose: ReportLoss): Choice {
  const content: AssistantPart[] = []
  let waiting = 0
  for (const [index, part] of messages(message(candidate.content).parts).entries()) {
    const at = `${path}.content.parts[${index}]`
    if (part.functionCall !== undefined) {
      content.push(decodeCall(part, nextId()))
      waiting++
    } else if (part.functionResponse !== undefined) {
      waiting--
      lose(at, 'dropped', 'Google has run this tool by itself; its result is not handed on.')
    } else {
      const decoded = decodePart(part, at, lose)
      if (decoded) content.push(decoded)
    }
  }
  const logprobs = decodeLogprobs(candidate.logprobsResult)
  return {
    content: withCitations(content, candidate),
    finishReason: finishReasonOf(asString(candidate.finishReason) ?? '', waiting > 0),
    ...(logprobs.length > 0 && { logprobs }),
  }
}

function withCitations(content: readonly AssistantPart[], candidate: Record<string, unknown>): readonly AssistantPart[] {
  if (candidate.groundingMetadata === undefined && candidate.citationMetadata === undefined) return content
  const texts = content.filter((part) => part.type === 'text' && part.text !== '')
  const whole = texts.map((part) => ('text' in part ? part.text : '')).join('')
  let end = 0
  return content.map((part) => {
    if (part.type !== 'text' || part.text === '') return part
    const start = end
    end += part.text.length
    const citations = citationsOf(candidate, { whole, start, end, last: part === texts.at(-1) })
    return citations.length > 0 ? { ...part, citations } : part
  })
}

export function encodeResponse(response: ChatResponse): JsonObject {
  const { id, model, created, choices, usage, serviceTier } = response
  return compact({
    candidates: choices.map(encodeChoice),
    usageMetadata: encodeUsageAndTier(usage, serviceTier),
    modelVersion: model,
    createTime: created === undefined ? undefined : new Date(created * 1000).toISOString(),
    responseId: id,
  })
}

export function encodeUsageAndTier(usage: ChatResponse['usage'], tier: string | undefined): JsonObject | undefined {
  if (!usage) return undefined
  return { ...encodeUsage(usage), ...(tier !== undefined && { serviceTier: tier === 'default' ? 'standard' : tier }) }
}

function encodeChoice({ content, finishReason, logprobs }: Choice, index: number): JsonObject {
  const parts = content.flatMap(encodePart)
  // Google's own chat client forgets a turn without parts.
  if (parts.length === 0 && finishReason !== 'content-filter') parts.push({ text: '' })
  return compact({
    content: { parts, role: 'model' },
    finishReason: wireFinishReasons[finishReason],
    index,
    groundingMetadata: encodeCitations(content.filter((part): part is TextPart => part.type === 'text')),
    logprobsResult: logprobs && encodeLogprobs(logprobs),
  })
}

export function encodePart(part: AssistantPart): WirePart[] {
  const signed =
    'signature' in part && part.signature ? { thoughtSignature: wrapSignature({ ...part, signature: part.signature }) } : {}
  switch (part.type) {
    case 'text':
      return [{ text: part.text, ...signed }]
    case 'refusal':
      return [{ text: part.text }]
    case 'reasoning':
      return [{ text: part.text, thought: true, ...signed }]
    case 'tool-call':
      // Gemini made none of the calls that are told here, and may be the one who reads them back.
      return [
        {
          functionCall: { id: part.id, name: part.name, args: argumentsOf(part.arguments) },
          thoughtSignature: madeElsewhere,
          ...signed,
        },
      ]
    case 'image':
    case 'audio':
      return encodeMediaOut(part)
  }
}

function argumentsOf(text: string): JsonObject {
  if (text === '') return {}
  const parsed = parseExact(text)
  // Arguments that a model cut short are still better seen than lost.
  return isObject(parsed) ? (parsed as JsonObject) : { arguments: text }
}

function encodeMediaOut({ source }: ImagePart | AudioPart): WirePart[] {
  if (source.kind === 'base64') return [{ inlineData: { mimeType: source.mediaType, data: source.data } }]
  if (source.kind === 'url') return [{ fileData: { fileUri: source.url } }]
  return []
}

/** How many answers a server has begun may be told only by the place of a candidate: the index 0 is left out. */
export function candidateIndex(candidate: Record<string, unknown>, place: number): number {
  return asNumber(candidate.index) ?? place
}
