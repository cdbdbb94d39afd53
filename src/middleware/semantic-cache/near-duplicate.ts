import type { Embedder } from './options.js'

const dimensions = 512
const longestGram = 4

/**
 * Vectors of how a text is spelt: of its pieces of three and four characters, each hashed to a place and a sign. Case, spaces and
 * punctuation do not count. Two texts are near when they are nearly the same, letter by letter: it finds a typing error, and
 * neither that `big` means `large` nor that `not` turns a question round. The same in every process.
 */
export const nearDuplicate: Embedder = {
  name: 'nearDuplicate/1',
  embed: (texts) => texts.map(spelling),
}

function spelling(text: string): Float32Array {
  const vector = new Float32Array(dimensions)
  const letters = ` ${text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `
  for (let start = 0; start < letters.length; start++) {
    let hash = 0x811c9dc5
    const end = Math.min(letters.length, start + longestGram)
    for (let at = start; at < end; at++) {
      hash = Math.imul(hash ^ letters.charCodeAt(at), 0x01000193)
      if (at - start >= 2) count(vector, hash)
    }
  }
  return vector
}

function count(vector: Float32Array, hash: number): void {
  // The lowest bits of this hash are its poorest.
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  const place = (mixed >>> 8) % dimensions
  vector[place] = (vector[place] ?? 0) + (mixed & 0x80000000 ? -1 : 1)
}
