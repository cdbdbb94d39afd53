/** The configuration as JSON Schema, for editors: `# yaml-language-server: $schema=leash.schema.json` at the head of the file. */
import { jsonSchemaOf } from '../../config/json-schema.js'
import { asObject, isObject, type Json, type JsonObject } from '../../core/json.js'
import { relayShape } from './config.js'

const file: JsonObject = {
  type: 'object',
  description: 'A file with the text in it, for secrets',
  properties: { file: { type: 'string' } },
  required: ['file'],
  additionalProperties: false,
}

const variable: JsonObject = {
  type: 'string',
  description: 'A variable of the environment, which stands for it',
  pattern: '^\\$\\{\\w+(:-[^}]*)?\\}$',
}

export function configSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'leash.yaml',
    description: 'The configuration of a LeashLLM relay.',
    ...asObject(orElse(jsonSchemaOf(relayShape) ?? {})),
    $defs: { file, variable },
  } as JsonObject
}

/** Wherever a text stands, a file may stand that holds it; and for numbers, choices and the like, a variable of the environment. */
function orElse(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(orElse)
  if (!isObject(schema)) return schema
  const { type, enum: values } = schema
  if (type === 'string') return { anyOf: [schema, { $ref: '#/$defs/file' }] }
  if (Array.isArray(values) || type === 'integer' || type === 'number' || type === 'boolean')
    return { anyOf: [schema, { $ref: '#/$defs/variable' }] }
  return Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, orElse(member ?? null)]))
}
