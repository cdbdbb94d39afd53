import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('an account of any country is found, in a row or in fours, in capitals or not', () => {
  expectFound([
    'Bitte auf {{IBAN_CODE|DE89 3704 0044 0532 0130 00}}, BIC COBADEFFXXX.',
    'IBAN: {{IBAN_CODE|FR1420041010050500013M02606}}',
    '{{IBAN_CODE|nl91abna0417164300}} please',
    '{{IBAN_CODE|GB82-WEST-1234-5698-7654-32}}',
    '{"iban":"{{IBAN_CODE|MT84MALT011000012345MTLCAST001S}}"}',
    '{{IBAN_CODE|NO9386011117947}}',
    '{{IBAN_CODE|BE68 5390 0754 7034}}',
  ])
})

test('a wrong checksum, length or country is left', () => {
  expectFound(['DE89 3704 0044 0532 0130 01', 'DE8937040044053201300', 'XX89370400440532013000', 'DE893704004405320130000'])
})

test('after the word itself a mistyped one is kept', () => {
  expectFound(['IBAN {{IBAN_CODE|DE89370400440532013001}}'])
})

test('a place for one is none', () => {
  expectFound(['IBAN: DE00 XXXX XXXX XXXX XXXX XX'])
})

test('the middle of a longer word is no account', () => {
  expectFound(['aDE89370400440532013000', '_DE89370400440532013000'])
})
