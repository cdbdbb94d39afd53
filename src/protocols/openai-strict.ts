/**
 * What OpenAI holds an answer, or the arguments of a call, to: with `strict` it refuses a schema in which an object is open, or
 * has a member that may be missing, which other vendors allow.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
import { asArray, asObject, isObject } from '../core/json.js'
import type { ChatRequest, ResponseFormat, Tool } from '../core/message.js'
import type { EncodeContext, ReportLoss } from './protocol.js'

const refused = ['allOf', 'oneOf', 'not', 'if', 'dependentRequired', 'dependentSchemas', 'patternProperties', 'prefixItems']
const why = 'OpenAI holds only to schemas whose objects are closed and require all of their members; it is sent without `strict`.'

export function fitsStrict(schema: unknown): boolean {
  if (!isObject(schema) || refused.some((word) => word in schema)) return false
  const { type, properties, required, additionalProperties, items, anyOf, $defs, definitions } = schema
  if (properties !== undefined || [type].flat().includes('object')) {
    const needed = asArray(required)
    if (additionalProperties !== false || !Object.keys(asObject(properties)).every((name) => needed.includes(name))) return false
  }
  const inner = [properties, $defs, definitions].flatMap((named) => Object.values(asObject(named)))
  return [...inner, ...asArray(anyOf), ...(items === undefined ? [] : [items])].every(fitsStrict)
}

export function reachableTools(tools: readonly Tool[], lose: ReportLoss): readonly Tool[] {
  return tools.map((named, index) => {
    const { parameters } = named
    if (!parameters) return named
    // The arguments of a call are an object, which OpenAI wants to be told all the same.
    const tool = parameters.type === undefined ? { ...named, parameters: { type: 'object', ...parameters } } : named
    if (!tool.strict || fitsStrict(parameters)) return tool
    lose(`tools[${index}].function.strict`, 'approximated', why)
    return { ...tool, strict: false }
  })
}

/** OpenAI's answers in JSON are objects: for a list, a word or a number it can only be asked by {@link jsonInWords}. */
export function isInWords(format: ResponseFormat): boolean {
  if (format.type !== 'json-schema') return false
  const { type } = format.schema
  return type !== undefined && ![type].flat().includes('object')
}

export function reachableFormat(format: ResponseFormat, lose: ReportLoss): ResponseFormat {
  if (format.type !== 'json-schema' || !format.strict || fitsStrict(format.schema)) return format
  lose('response_format.json_schema.strict', 'approximated', why)
  return { ...format, strict: false }
}

/**
 * What is put before the messages: a schema of no object; and without one, OpenAI answers in JSON only where they "contain the word
 * 'json' in some form".
 * It is looked for where a conversation begins, lest the beginning is another one turn later, and found in no cache.
 */
export function jsonInWords({ messages, responseFormat }: ChatRequest, { traits, lose }: EncodeContext) {
  if (responseFormat?.type === 'json-schema' && isInWords(responseFormat)) {
    lose('response_format', 'approximated', 'OpenAI holds answers to the schema of an object only: a sentence asks for this one.')
    const content = `Answer with one JSON value that follows this JSON Schema, and with nothing else:\n${JSON.stringify(responseFormat.schema)}`
    return [{ role: 'system' as const, content }]
  }
  if (responseFormat?.type !== 'json' || traits.structuredOutput === 'none') return []
  const asked = messages.slice(0, messages.findIndex(({ role }) => role !== 'system') + 1)
  const texts = asked.flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
  if (texts.some((text) => /json/i.test(text))) return []
  lose('response_format', 'approximated', 'OpenAI wants to be asked for JSON in words too: a sentence was added.')
  return [{ role: 'system' as const, content: 'Answer with one JSON object and nothing else.' }]
}
