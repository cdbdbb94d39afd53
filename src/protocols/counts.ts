/** How many tokens a vendor tells of. */
import { asNumber } from '../core/json.js'

/** Servers that speak Protocol Buffers tell whole numbers as texts: https://protobuf.dev/programming-guides/json/ */
export function asCount(value: unknown): number | undefined {
  return asNumber(typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value)
}
