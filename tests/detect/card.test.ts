import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a card of each issuer is found, in a row and grouped', () => {
  expectFound([
    'He read out {{CREDIT_CARD|4242424242424242}} over the phone.',
    'Pay with {{CREDIT_CARD|4111 1111 1111 1111}}, exp 12/29, cvc 123.',
    '{{CREDIT_CARD|5555-5555-5555-4444}} was declined',
    'Amex {{CREDIT_CARD|3782 822463 10005}}',
    '{{CREDIT_CARD|378282246310005}}',
    '{{CREDIT_CARD|30569309025904}}',
    '{{CREDIT_CARD|38520000023237}}',
    '{{CREDIT_CARD|3530111333300000}}',
    '{{CREDIT_CARD|6011111111111117}}',
    '{{CREDIT_CARD|2223003122003222}}',
  ])
})

test('Mastercard’s newer range is found to both of its ends, and not beyond', () => {
  expectFound(['{{CREDIT_CARD|2221000000000009}}', '{{CREDIT_CARD|2720999999999996}}', '2220999999999991', '2721000000000004'])
})

test('a length or an issuer that is not usual needs a word for it', () => {
  expectFound([
    'card number {{CREDIT_CARD|6304939304310009610}}',
    '6304939304310009610',
    'Maestro card {{CREDIT_CARD|6759649826438453}}',
    '6759649826438453',
  ])
})

test('a number that fails its checksum is left, but for four groups of four after the word', () => {
  expectFound(['4242424242424241', '4111 1111 1111 1112', 'my card is {{CREDIT_CARD|4111 1111 1111 1112}}'])
})

test('identifiers, timestamps, decimals and one digit over and over are left', () => {
  expectFound([
    'block blk_4242424242424242',
    '0.4242424242424242',
    '/4242424242424242/x',
    '4444444444444444',
    '1700000000000',
    'id 42949672961234567',
    '4242424242424242px',
    '4242424242424242%',
    '4242 4242 4242 4242_x',
  ])
})

test('an abbreviation between the digits of a hash is no word for a card', () => {
  expectFound(['"etag":"ww8cc7","ean":4003356271809'])
})
