import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('addresses with a checksum are found', () => {
  expectFound([
    'Send BTC to {{CRYPTO_ADDRESS|1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa}}',
    'or {{CRYPTO_ADDRESS|bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq}}.',
    '{{CRYPTO_ADDRESS|bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0}}',
  ])
})

test('an address of Ethereum is found by its form', () => {
  expectFound(['ETH {{CRYPTO_ADDRESS|0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe}}'])
})

test('a wrong checksum or a patterned value is left', () => {
  expectFound([
    '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb',
    'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp',
    '0x0000000000000000000000000000000000000000',
    '0xdeadbeef',
  ])
})
