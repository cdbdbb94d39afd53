import { createHash } from 'node:crypto'

/**
 * A vector of length one for a text, always the same. Texts that share words lie closer together, so that code which looks for
 * similar texts finds some.
 */
export function vectorOf(text: string, dimensions: number): number[] {
  const sum = new Float64Array(dimensions)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const bytes = createHash('shake256', { outputLength: dimensions }).update(word).digest()
    for (let at = 0; at < dimensions; at++) sum[at] = (sum[at] ?? 0) + (bytes[at] ?? 0) / 127.5 - 1
  }
  const length = Math.hypot(...sum) || 1
  return Array.from(sum, (value) => Math.fround(value / length))
}

/** As OpenAI encodes them: 32-bit floats, little endian, base64. */
export function base64Of(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString('base64')
}
