import type { JsonObject } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import type { ReportLoss } from '../protocol.js'

/** Leaves out what the vendor refuses; the same object when there is nothing to leave out. */
export function adapt(body: JsonObject, { refuses = [] }: Traits, lose: ReportLoss): JsonObject {
  let adapted = body
  for (const name of refuses) {
    if (!(name in adapted)) continue
    const { [name]: value, ...rest } = adapted
    // Floats are what a server without a choice of encodings answers with, and openai-node reads both.
    if (value != null)
      lose(name, name === 'encoding_format' ? 'approximated' : 'dropped', `The target does not take \`${name}\`.`)
    adapted = rest
  }
  return adapted
}
