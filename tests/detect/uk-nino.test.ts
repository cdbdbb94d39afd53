import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a national insurance number is found together and apart', () => {
  expectFound(['NINO: {{UK_NINO|JG103759A}}', 'insurance number {{UK_NINO|AB 12 34 56 C}}.', '{{UK_NINO|ab123456c}}'])
})

test('prefixes and suffixes that are not given out are left', () => {
  expectFound(['QQ123456C', 'BG123456A', 'AO123456A', 'AB123456E', 'aB123456C', 'AB123456c'])
})

test('a part of a product’s number is left', () => {
  expectFound(['model AB123456C', 'XAB123456C', '1-AB123456C', 'AB 12 34 56 Cx'])
})
