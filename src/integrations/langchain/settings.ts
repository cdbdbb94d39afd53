/** What is asked of a model beside the conversation. */
import type { BaseChatModelCallOptions, BindToolsInput } from '@langchain/core/language_models/chat_models'
import type { CallOptions } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import { asObject, asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { ReasoningEffort } from '../../core/message.js'
import { plain } from '../ai-sdk/json.js'
import { toolChoiceOf, toolsOf } from './tools.js'

export interface ModelSettings {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  /** The most tokens that the answer may have. */
  readonly maxTokens?: number
  readonly seed?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  /** How much the model is to think. The thinking comes back as `reasoning` blocks, where its vendor shows it. */
  readonly reasoning?: ReasoningEffort
  /** Upper bound for the thinking, in tokens, at models that count it. */
  readonly reasoningBudget?: number
  /** `false`: at most one tool is called at a time. */
  readonly parallelToolCalls?: boolean
}

type ResponseFormat =
  | { readonly type: 'text' | 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly json_schema: {
        readonly name: string
        readonly description?: string
        readonly schema: object
        readonly strict?: boolean
      }
    }

/** Of one call: `model.invoke(messages, { … })`, or `model.withConfig({ … })`. */
export interface ChatLeashCallOptions extends BaseChatModelCallOptions, ModelSettings {
  tools?: BindToolsInput[]
  /** Holds the tools' arguments to their schemas, where the vendor can. */
  strict?: boolean
  response_format?: ResponseFormat
  /** What the stack is to know: tenant, user, budget, fallback … */
  leash?: CallOptions
}

const names = [
  'temperature',
  'topP',
  'topK',
  'maxTokens',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'reasoning',
  'reasoningBudget',
  'parallelToolCalls',
] as const satisfies readonly (keyof ModelSettings)[]

/** The settings among whatever else is given. */
export function settingsIn(given: ModelSettings): ModelSettings {
  return compact(Object.fromEntries(names.map((name) => [name, given[name]])))
}

export interface AskedOptions
  extends Pick<ChatLeashCallOptions, 'tools' | 'tool_choice' | 'strict' | 'response_format' | 'stop'> {}

/** The body of a call but for its prompt. @throws LeashError for what no model takes */
export function bodyOf(
  settings: ModelSettings,
  { tools = [], tool_choice, strict, response_format, stop }: AskedOptions,
): JsonObject {
  const { maxTokens, reasoning, reasoningBudget, parallelToolCalls, ...same } = settings
  const { strict: strictSchema } = asObject(asObject(response_format).json_schema)
  const own = compact({ reasoningBudget, parallelToolCalls, strictSchema: strictSchema === true || undefined })
  return compact({
    ...same,
    maxOutputTokens: maxTokens,
    reasoning,
    stopSequences: stop && stop.length > 0 ? [...stop] : undefined,
    tools: tools.length > 0 ? toolsOf(tools, strict) : undefined,
    toolChoice: tools.length > 0 && tool_choice !== undefined ? toolChoiceOf(tool_choice) : undefined,
    responseFormat: response_format && formatOf(response_format),
    providerOptions: Object.keys(own).length > 0 ? { leash: own } : undefined,
  })
}

function formatOf(format: ResponseFormat): JsonObject | undefined {
  const { type, json_schema } = asObject(format)
  if (type === 'text') return undefined
  if (type === 'json_object') return { type: 'json' }
  const { name, description, schema } = asObject(json_schema)
  if (type !== 'json_schema' || !isObject(schema)) {
    throw new LeashError('invalid_request', '`response_format` is to be text, json_object, or json_schema with a schema.', {
      param: 'response_format',
    })
  }
  return compact({ type: 'json', schema: plain(schema), name: asString(name), description: asString(description) })
}
