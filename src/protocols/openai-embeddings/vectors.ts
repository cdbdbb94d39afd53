/** Vectors as OpenAI writes them: lists of numbers, or base64 of 32-bit floats, little-endian. */
import { asArray, asNumber } from '../../core/json.js'

/** Undefined when it is neither. */
export function readVector(value: unknown): number[] | undefined {
  if (typeof value === 'string') return fromBase64(value)
  const numbers = asArray(value).map(asNumber)
  return Array.isArray(value) && numbers.every((number) => number !== undefined) ? numbers : undefined
}

function fromBase64(text: string): number[] | undefined {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    return undefined
  }
  if (binary.length % 4 !== 0) return undefined
  const view = new DataView(Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer)
  return Array.from({ length: binary.length / 4 }, (_, index) => view.getFloat32(index * 4, true))
}

export function toBase64(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [index, number] of vector.entries()) view.setFloat32(index * 4, number, true)
  const bytes = new Uint8Array(view.buffer)
  let binary = ''
  // In slices: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}
