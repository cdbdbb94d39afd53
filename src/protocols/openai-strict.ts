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
  return tools.map((tool, index) => {
    if (!tool.strict || !tool.parameters || fitsStrict(tool.parameters)) return tool
    lose(`tools[${index}].function.strict`, 'approximated', why)
    return { ...tool, strict: false }
  })
}

export function reachableFormat(format: ResponseFormat, lose: ReportLoss): ResponseFormat {
  if (format.type !== 'json-schema' || !format.strict || fitsStrict(format.schema)) return format
  lose('response_format.json_schema.strict', 'approximated', why)
  return { ...format, strict: false }
}

/**
 * What is put before the messages: without a schema, OpenAI answers in JSON only where they "contain the word 'json' in some form".
 * It is looked for where a conversation begins, lest the beginning is another one turn later, and found in no cache.
 */
export function jsonInWords({ messages, responseFormat }: ChatRequest, { traits, lose }: EncodeContext) {
  if (responseFormat?.type !== 'json' || traits.structuredOutput === 'none') return []
  const asked = messages.slice(0, messages.findIndex(({ role }) => role !== 'system') + 1)
  const texts = asked.flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
  if (texts.some((text) => /json/i.test(text))) return []
  lose('response_format', 'approximated', 'OpenAI wants to be asked for JSON in words too: a sentence was added.')
  return [{ role: 'system' as const, content: 'Answer with one JSON object and nothing else.' }]
}
