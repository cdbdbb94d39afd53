/** How many tokens, or uses of a tool, a vendor tells of. */
import { asNumber } from '../core/json.js'

/**
 * Servers that speak Protocol Buffers tell whole numbers as texts: https://protobuf.dev/programming-guides/json/
 * Less than nothing is nothing: what is taken off a whole as its part would add to it.
 */
export function asCount(value: unknown): number | undefined {
  const count = asNumber(typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value)
  return count === undefined ? undefined : Math.ceil(Math.max(0, count))
}
