/** What users of the AI SDK may say to us: `providerOptions: { leash: { … } }`. */
import type { CallOptions } from '../../core/call.js'
import { asObject, compact, isObject, type JsonObject } from '../../core/json.js'

/** Of one call to a language model. */
export interface LeashProviderOptions extends CallOptions {
  /** `false`: at most one tool is called at a time. */
  readonly parallelToolCalls?: boolean
  /** Upper bound for the thinking, in tokens, at models that count it. */
  readonly reasoningBudget?: number
  /** Has OpenAI hold the answer to its schema, of which it then takes a part only: every member is to be required. */
  readonly strictSchema?: boolean
}

/** Of one call to an embedding model. */
export interface LeashEmbeddingOptions extends CallOptions {
  /** What the vectors are for, in the words of a vendor that asks: `RETRIEVAL_QUERY`, `search_document` … */
  readonly task?: string
}

/** These are told to the model; the others are for the stack. */
const ofTheRequest = ['parallelToolCalls', 'reasoningBudget', 'strictSchema', 'task'] as const

export interface Divided {
  readonly options: CallOptions
  readonly providerOptions: JsonObject | undefined
}

export function divided(providerOptions: JsonObject | undefined): Divided {
  const { leash, ...others } = providerOptions ?? {}
  if (!isObject(leash)) return { options: {}, providerOptions }
  const told: JsonObject = {}
  const options: JsonObject = { ...leash }
  for (const name of ofTheRequest) {
    if (options[name] === undefined) continue
    told[name] = options[name]
    delete options[name]
  }
  const kept = compact({ ...others, leash: Object.keys(told).length > 0 ? told : undefined })
  return { options, providerOptions: Object.keys(kept).length > 0 ? kept : undefined }
}

/** Who the caller is, and what is about the connection, is not for a vendor that the caller did not choose. */
const withheld =
  /^(?:authorization|proxy-authorization|cookie|x-api-key|api-key|x-goog-api-key|x-amz-.*|host|connection|content-.*|transfer-encoding|user-agent)$/

/** Headers that the caller adds to a call, in lower case. */
export function headersOf(headers: unknown): Record<string, string> {
  const entries = Object.entries(asObject(headers)).map(([name, value]): [string, unknown] => [name.toLowerCase(), value])
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && !withheld.test(entry[0])),
  )
}
