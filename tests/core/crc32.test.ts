import { crc32 as zlibCrc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { crc32 } from '../../src/core/crc32.js'

test('the checksum is the one that the platform has', () => {
  for (const text of ['', 'a', '123456789', 'größer']) expect(crc32(new TextEncoder().encode(text))).toBe(zlibCrc32(text))
})
