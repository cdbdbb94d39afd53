/** How an answer is made to be an object: by its format, or by a tool that stands for it. */
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from '@langchain/core/language_models/base'
import {
  assembleStructuredOutputPipeline,
  createContentParser,
  createFunctionCallingParser,
} from '@langchain/core/language_models/structured_output'
import type { BaseMessage } from '@langchain/core/messages'
import type { Runnable } from '@langchain/core/runnables'
import { toJsonSchema } from '@langchain/core/utils/json_schema'
import type { SerializableSchema } from '@langchain/core/utils/standard_schema'
import { type InteropZodType, isInteropZodSchema, type ZodV3Like, type ZodV4Like } from '@langchain/core/utils/types'
import { LeashError } from '../../core/errors.js'
import { asString, isObject, type JsonObject } from '../../core/json.js'
import { plain } from '../ai-sdk/json.js'
import type { ChatLeashCallOptions } from './settings.js'

export type Output = Record<string, unknown>
export type OutputSchema<Out extends Output> = SerializableSchema<Out> | ZodV4Like<Out> | ZodV3Like<Out> | Output
export type Structured<Out> = Runnable<BaseLanguageModelInput, Out>
export interface Raw<Out> {
  raw: BaseMessage
  parsed: Out
}

type Bind = (options: Partial<ChatLeashCallOptions>) => Runnable<BaseLanguageModelInput>

export function structured<Out extends Output>(
  schema: OutputSchema<Out>,
  config: StructuredOutputMethodOptions<boolean>,
  bind: Bind,
): Structured<Out> | Structured<Raw<Out>> {
  const { includeRaw, strict } = config
  const known = schema as InteropZodType<Out> | SerializableSchema<Out> | Output
  const { name, description, json } = described(schema, config.name)
  const method = config.method ?? (strict ? 'functionCalling' : 'jsonSchema')
  switch (method) {
    case 'jsonSchema': {
      const told = { name, description, schema: json, ...(strict !== undefined && { strict }) }
      const format = { type: 'json_schema', json_schema: told } as const
      return assembleStructuredOutputPipeline(
        bind({ response_format: format, ...traced(method, json) }),
        createContentParser<Out>(known),
        includeRaw,
      )
    }
    case 'jsonMode':
      return assembleStructuredOutputPipeline(
        bind({ response_format: { type: 'json_object' }, ...traced(method, json) }),
        createContentParser<Out>(known),
        includeRaw,
      )
    case 'functionCalling': {
      const tool = { type: 'function', function: { name, description, parameters: json } }
      const options = { tools: [tool], tool_choice: name, ...(strict !== undefined && { strict }), ...traced(method, json) }
      return assembleStructuredOutputPipeline(bind(options), createFunctionCallingParser<Out>(known, name), includeRaw)
    }
  }
  throw new LeashError(
    'invalid_config',
    `\`method\` is to be "jsonSchema", "functionCalling" or "jsonMode", and is ${JSON.stringify(method)}.`,
  )
}

/** For LangSmith, which shows it beside the run. */
function traced(method: string, schema: JsonObject): Pick<ChatLeashCallOptions, 'ls_structured_output_format'> {
  return { ls_structured_output_format: { kwargs: { method }, schema } }
}

/** A schema may also come as the definition of a function. */
function described(
  schema: object,
  asked = 'extract',
): { readonly name: string; readonly description: string; readonly json: JsonObject } {
  const whole = plain(isInteropZodSchema(schema) || '~standard' in schema ? toJsonSchema(schema as InteropZodType) : schema)
  const { name, parameters, title, description } = whole
  const isFunction = typeof name === 'string' && isObject(parameters)
  return {
    name: isFunction ? name : /^[\w-]{1,64}$/.test(asString(title) ?? '') ? (asString(title) ?? asked) : asked,
    description: asString(description) ?? 'What is to be answered with.',
    json: isFunction ? parameters : whole,
  }
}
