/**
 * `usageMetadata`, in both directions. `promptTokenCount` holds the cached tokens; what a tool of Google's read stands
 * apart from it. https://ai.google.dev/api/generate-content#UsageMetadata
 */
import { asArray, asObject, asString, isObject, type JsonObject } from '../../core/json.js'
import { inputTotal, outputTotal, total, type Usage, usageOf } from '../../core/usage.js'
import { withBeside } from '../beside.js'
import { asCount } from '../counts.js'
import { messages } from './wire.js'

/** @param queries that Google has searched for, in this answer or the events of a stream so far */
export function decodeUsage(value: unknown, queries: ReadonlySet<string> = none): Usage | undefined {
  if (!isObject(value)) return undefined
  const count = (name: string) => asCount(value[name]) ?? 0
  // A blocked prompt, and most chunks of Vertex AI, tell only the kind of traffic.
  if ((value.promptTokenCount ?? value.totalTokenCount) == null) return undefined
  const read = count('promptTokenCount') + count('toolUsePromptTokenCount')
  const cacheRead = Math.min(count('cachedContentTokenCount'), read)
  const heard = modality(value.promptTokensDetails, 'AUDIO') + modality(value.toolUsePromptTokensDetails, 'AUDIO')
  const audioInput = Math.min(Math.max(0, heard - modality(value.cacheTokensDetails, 'AUDIO')), read - cacheRead)
  const thoughts = count('thoughtsTokenCount')
  const written = Math.max(0, count('candidatesTokenCount') - (thoughtsInside(value, read) ? thoughts : 0))
  const audioOutput = Math.min(modality(value.candidatesTokensDetails, 'AUDIO'), written)
  const usage = usageOf({
    input: read - cacheRead - audioInput,
    cacheRead,
    audioInput,
    output: written - audioOutput,
    reasoning: thoughts,
    audioOutput,
  })
  return withBeside(usage, {
    searches: queries.size,
    apart: {
      imageOutput: Math.min(modality(value.candidatesTokensDetails, 'IMAGE'), written - audioOutput),
      audioCacheRead: Math.min(modality(value.cacheTokensDetails, 'AUDIO'), cacheRead),
    },
  })
}

const none: ReadonlySet<string> = new Set()

/**
 * Each of them is billed once, and empty ones are not: they stand for what Google asked itself.
 * https://ai.google.dev/gemini-api/docs/google-search#pricing
 */
export function queriesIn(body: unknown, queries = new Set<string>()): Set<string> {
  for (const { groundingMetadata } of messages(asObject(body).candidates)) {
    const { webSearchQueries, imageSearchQueries } = asObject(groundingMetadata)
    for (const query of [...asArray(webSearchQueries), ...asArray(imageSearchQueries)]) {
      if (typeof query === 'string' && query !== '') queries.add(query)
    }
  }
  return queries
}

/** Of a request, or of an answer. */
export function tierIn(body: unknown): string | undefined {
  const { serviceTier, usageMetadata } = asObject(body)
  return wordIn(serviceTier) ?? tierOf(usageMetadata)
}

/** Vertex AI tells it as a kind of traffic: `ON_DEMAND_PRIORITY`. */
export function tierOf(usageMetadata: unknown): string | undefined {
  const { serviceTier, trafficType } = asObject(usageMetadata)
  return wordIn(serviceTier) ?? wordIn(trafficType)
}

function wordIn(tier: unknown): string | undefined {
  const word = asString(tier)
  return word === undefined || /unspecified$/i.test(word) ? undefined : word
}

/**
 * Whether `candidatesTokenCount` holds the thoughts. Reports differ between models and hosts, so the total decides:
 * https://github.com/vercel/ai/issues/7542, https://github.com/charmbracelet/fantasy/pull/370
 */
function thoughtsInside(value: Record<string, unknown>, read: number): boolean {
  const [all, candidates, thoughts] = [value.totalTokenCount, value.candidatesTokenCount, value.thoughtsTokenCount].map(asCount)
  if (all === undefined || candidates === undefined || !thoughts || candidates < thoughts) return false
  const written = all - read
  return Math.abs(written - candidates) < Math.abs(written - candidates - thoughts)
}

function modality(details: unknown, wanted: string): number {
  return messages(details).reduce(
    (sum, { modality, tokenCount }) => sum + (modality === wanted ? (asCount(tokenCount) ?? 0) : 0),
    0,
  )
}

/** With thoughts outside of the candidates, as Google's documentation has it. */
export function encodeUsage(usage: Usage): JsonObject {
  const { cacheRead, audioInput, audioOutput, reasoning } = usage
  const [prompt, candidates] = [inputTotal(usage), outputTotal(usage) - reasoning]
  const details = (all: number, audio: number) => [
    { modality: 'TEXT', tokenCount: all - audio },
    { modality: 'AUDIO', tokenCount: audio },
  ]
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: candidates,
    totalTokenCount: total(usage),
    ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
    ...(audioInput > 0 && { promptTokensDetails: details(prompt, audioInput) }),
    ...(audioOutput > 0 && { candidatesTokensDetails: details(candidates, audioOutput) }),
  }
}
