/** The configuration as JSON Schema, for editors: `# yaml-language-server: $schema=leash.schema.json` at the head of the file. */
import { jsonSchemaOf } from '../config/json-schema.js'
import { asObject, isObject, type Json, type JsonObject } from '../core/json.js'
import { relayShape } from './config.js'

const file: JsonObject = {
  type: 'object',
  description: 'A file with the text in it, for secrets',
  properties: { file: { type: 'string' } },
  required: ['file'],
  additionalProperties: false,
}

export function configSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'leash.yaml',
    description: 'The configuration of a LeashLLM relay.',
    ...asObject(orFile(jsonSchemaOf(relayShape) ?? {})),
    $defs: { file },
  } as JsonObject
}

/** Wherever a text stands, a file may stand that holds it. */
function orFile(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(orFile)
  if (!isObject(schema)) return schema
  if (schema.type === 'string') return { anyOf: [schema, { $ref: '#/$defs/file' }] }
  return Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, orFile(member ?? null)]))
}
