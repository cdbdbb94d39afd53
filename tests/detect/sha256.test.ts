import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/detect/sha256.js'

test('is what the platform computes, for every length it takes', () => {
  for (let length = 0; length <= 55; length++) {
    const bytes = Uint8Array.from({ length: 55 }, (_, at) => (at * 37 + length) & 255)
    const out = new Uint8Array(32)
    sha256(bytes, length, out)
    expect(Buffer.from(out).toString('hex')).toBe(createHash('sha256').update(bytes.subarray(0, length)).digest('hex'))
  }
})
