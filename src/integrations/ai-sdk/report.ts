import type { SharedV4Warning } from '@ai-sdk/provider'
import type { Report } from '../../core/call.js'
import { asObject, isObject, type JsonObject } from '../../core/json.js'
import { withReport } from '../../leashed-headers.js'
import { plain } from './json.js'

/** Nobody asked to be shown the thinking; that it cannot be is no news. */
const implied = 'reasoning.show'

/** Losses are told in OpenAI's words; these are the AI SDK's. */
const features = new Map(
  Object.entries({
    frequency_penalty: 'frequencyPenalty',
    max_tokens: 'maxOutputTokens',
    parallel_tool_calls: 'providerOptions.leash.parallelToolCalls',
    presence_penalty: 'presencePenalty',
    'reasoning.budget': 'providerOptions.leash.reasoningBudget',
    'reasoning.max_tokens': 'providerOptions.leash.reasoningBudget',
    reasoning_effort: 'reasoning',
    response_format: 'responseFormat',
    stop: 'stopSequences',
    tool_choice: 'toolChoice',
    top_k: 'topK',
    top_p: 'topP',
  }),
)

function featureOf(path: string): string {
  return features.get(path) ?? path
}

/** What a translation lost, as the AI SDK warns of it. */
export function warningsOf(given: unknown, { warnings }: Report): SharedV4Warning[] {
  const losses = warnings.filter(({ path }) => path !== implied)
  return [
    ...(Array.isArray(given) ? given : []),
    ...losses.map(({ path, action, why }): SharedV4Warning => {
      return { type: action === 'dropped' ? 'unsupported' : 'compatibility', feature: featureOf(path), details: why }
    }),
  ]
}

/** What happened to a call: of a step of an answer, the end of one in a stream, or of embeddings. */
export function reportIn({ providerMetadata }: { readonly providerMetadata?: unknown }): Report | undefined {
  const { leash } = asObject(providerMetadata)
  return isObject(leash) ? (leash as unknown as Report) : undefined
}

/** `providerMetadata` with the report in it. */
export function reported(given: unknown, report: Report): Record<string, JsonObject> {
  const metadata = asObject(given) as Record<string, JsonObject>
  return { ...metadata, leash: { ...metadata.leash, ...plain(report) } }
}

export function headersWith(headers: Headers, report: Report): Record<string, string> {
  return Object.fromEntries(withReport(headers, report))
}
