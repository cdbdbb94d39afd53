import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('an international number is found by its form, with as many digits as its country has', () => {
  expectFound([
    'The caller left {{PHONE_NUMBER|+33612345678}} and hung up.',
    'x {{PHONE_NUMBER|+46 (0)8 928 571 38}}',
    '{{PHONE_NUMBER|+1 (650) 253-0000}} is what it showed',
    'y {{PHONE_NUMBER|+44 20 7946 0958}} z',
    'diff +12 lines',
    'x +1 234',
  ])
})

test('a North American number is found by its form', () => {
  expectFound([
    '({{PHONE_NUMBER|(212) 555-0187}}) is closed',
    'i.e. {{PHONE_NUMBER|650.253.0000}}',
    '{{PHONE_NUMBER|1-800-555-0199}} is free',
    '{{PHONE_NUMBER|(555) 210-9988 ext. 42}}',
  ])
})

test('a word before makes a number one, in many languages', () => {
  expectFound([
    'Tel. {{PHONE_NUMBER|030 901820}} (Zentrale)',
    'Téléphone : {{PHONE_NUMBER|01 42 68 53 00}}',
    'Mi número de teléfono es {{PHONE_NUMBER|612 345 678}}, llámame.',
    'Ruf mich unter {{PHONE_NUMBER|0171 2345678}} an.',
    'Мой телефон {{PHONE_NUMBER|8 495 123-45-67}}.',
    '我的手机号是{{PHONE_NUMBER|13812345678}}，谢谢',
    '電話：{{PHONE_NUMBER|03-1234-5678}}',
    'My number is {{PHONE_NUMBER|07700 900123}}.',
    '{"phoneNumber":"{{PHONE_NUMBER|5551234567}}","orderId":"5559876543"}',
    '<a href="tel:{{PHONE_NUMBER|+1-202-555-0173}}">Call us</a>',
  ])
})

test('a word after makes a number one', () => {
  expectFound([
    '{{PHONE_NUMBER|416 60 039}} office',
    '{{PHONE_NUMBER|06-10446904}}-Office',
    'Leeds\n{{PHONE_NUMBER|93672537}} fax\n',
  ])
})

test('every number of a list after its word is found', () => {
  expectFound(['Phone numbers: {{PHONE_NUMBER|555-0100}}, {{PHONE_NUMBER|555-0101}} and {{PHONE_NUMBER|555-0102}}.'])
})

test('a call is to a number at the end of its sentence, and not to an address of a program', () => {
  expectFound(['You can call {{PHONE_NUMBER|8703186}}.', 'call 00401000 <main+0x10>', 'call 1234567 times', 'call 1234567 + x'])
})

test('numbers of something else are left', () => {
  expectFound([
    'Order 1234567890 shipped',
    'Invoice 2023-0045-118 over $1,234,567.89',
    'ISBN 978-3-16-148410-0, ISSN 2049-3630',
    'The population grew from 1 234 567 to 2 345 678 in 2011-2021.',
    'ZIP 90210-1234, PO Box 5678901',
    'The ratio is 3.14159265358979 or 22/7; 1.5e10',
    'Rows 100-200-3000, model 555-1234-A, part no. 123-456-7890-B',
    'Table: 12 345 678 | 23 456 789 | 34 567 890',
    '1 000 000 phones sold, 5,000,000 mobile users',
    '<Buffer 01 02 03 04 05>',
    'uuid 123e4567-e89b-12d3-a456-426614174000',
    'offset=5551234567&n=555-123-4567',
  ])
})
