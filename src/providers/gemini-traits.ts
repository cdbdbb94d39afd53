import type { Traits } from '../core/provider.js'
import { atLeast, generationOf } from '../protocols/gemini/generation.js'

/**
 * JSON Schema as it is written since Gemini 2.5; models before it, and Gemma, take only the OpenAPI subset.
 * https://ai.google.dev/gemini-api/docs/structured-output#json_schema_support
 */
export function geminiTraits(model: string): Traits {
  return {
    // A `model` turn may come last, but is answered, not continued.
    supportsPrefill: false,
    streamUsage: 'always',
    schemaDialect: atLeast(generationOf(model), 2.5) ? 'json-schema' : 'openapi-subset',
  }
}
