/** Redis knows bytes only: one in front tells a string from bytes. */
import type { Value } from '../../core/store.js'

const text = 0x73
const binary = 0x62

/** A `Buffer`, because ioredis takes no other bytes. Where ioredis runs, there is one. */
export function pack(value: Value): Uint8Array {
  const isText = typeof value === 'string'
  return Buffer.concat([Uint8Array.of(isText ? text : binary), isText ? Buffer.from(value) : value])
}

/** Undefined for what somebody else has written there. */
export function unpack(packed: Uint8Array): Value | undefined {
  const bytes = packed.subarray(1)
  if (packed[0] === text) return new TextDecoder().decode(bytes)
  return packed[0] === binary ? new Uint8Array(bytes) : undefined
}
