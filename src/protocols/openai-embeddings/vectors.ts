/** Vectors as OpenAI writes them: lists of numbers, or base64 of 32-bit floats, little-endian. */
import { base64Of, bytesOfBase64 } from '../../core/base64.js'
import { asArray, asNumber } from '../../core/json.js'

/** Undefined when it is neither. */
export function readVector(value: unknown): number[] | undefined {
  if (typeof value === 'string') return fromBase64(value)
  const numbers = asArray(value).map(asNumber)
  return Array.isArray(value) && numbers.every((number) => number !== undefined) ? numbers : undefined
}

function fromBase64(text: string): number[] | undefined {
  const bytes = bytesOfBase64(text)
  if (!bytes || bytes.length % 4 !== 0) return undefined
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true))
}

export function toBase64(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [index, number] of vector.entries()) view.setFloat32(index * 4, number, true)
  return base64Of(new Uint8Array(view.buffer))
}
