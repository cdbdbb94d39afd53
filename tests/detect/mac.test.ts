import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a hardware address is found with colons, dashes and dots', () => {
  expectFound([
    'The MAC is {{MAC_ADDRESS|00:1B:44:11:3A:B7}}.',
    'HWaddr {{MAC_ADDRESS|00-1b-44-11-3a-b7}}, {{MAC_ADDRESS|001b.4411.3ab7}}',
  ])
})

test('one digit over and over is nobody’s, and other lengths are something else', () => {
  expectFound(['ff:ff:ff:ff:ff:ff', '00:1B:44:11:3A', '00-1b-44-11-3a-bg', '001b.4411.3ab7.1', '001b.4411.3abx'])
})
