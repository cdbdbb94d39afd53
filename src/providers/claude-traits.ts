import type { Traits } from '../core/provider.js'
import { claude, samplers } from '../protocols/claude.js'

/** What a Claude takes, by the version in its name: at Anthropic, on Vertex AI and on Azure alike. */
export function claudeTraits(model: string): Traits {
  const known = claude(model)
  return {
    supportsPrefill: known.prefill,
    structuredOutput: known.structuredOutput ? 'json-schema' : 'none',
    streamUsage: 'always',
    ...(known.sampling === 'none' && { refuses: samplers }),
  }
}
