/**
 * What OpenAI holds an answer, or the arguments of a call, to: with `strict` it refuses a schema in which an object is open, or
 * has a member that may be missing, which other vendors allow.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
import { asArray, asObject, isObject } from '../core/json.js'
import type { ResponseFormat, Tool } from '../core/message.js'
import type { ReportLoss } from './protocol.js'

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
