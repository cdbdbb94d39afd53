import type { JsonObject } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import type { ReportLoss } from '../protocol.js'

/** Drops the members that a provider refuses; gives back the same object when there are none. */
export function withoutRefused(body: JsonObject, { refuses = [] }: Traits, lose: ReportLoss): JsonObject {
  const refused = refuses.filter((member) => body[member] !== undefined)
  if (refused.length === 0) return body
  for (const member of refused) lose(member, 'dropped', 'this provider refuses it')
  return Object.fromEntries(Object.entries(body).filter(([member]) => !refused.includes(member)))
}
