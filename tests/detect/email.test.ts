import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('an address is found wherever it stands', () => {
  expectFound([
    'Write to {{EMAIL_ADDRESS|first.last+tag@sub.example.co.uk}}, not to me.',
    'Mail: <{{EMAIL_ADDRESS|o_b-c%d@example.ie}}>',
    '"{{EMAIL_ADDRESS|user@example.com}}."',
    'mailto:{{EMAIL_ADDRESS|sales@firma.de}}?subject=Hallo',
    '{"to":"{{EMAIL_ADDRESS|a@b.io}}"}',
    '{{EMAIL_ADDRESS|a@b.io}};{{EMAIL_ADDRESS|c@d.io}}',
  ])
})

test('an address may have letters beyond ASCII, and an internationalised top-level domain', () => {
  expectFound(['{{EMAIL_ADDRESS|jürgen.müller@beispiel.de}} hat geschrieben', '{{EMAIL_ADDRESS|info@example.xn--p1ai}}'])
})

test('an apostrophe is a part of a name and not a quote', () => {
  expectFound([`cc {{EMAIL_ADDRESS|O'Brien@example.ie}}`, `'{{EMAIL_ADDRESS|obrien@example.ie}}'`])
})

test('an address ends before the punctuation after it, and before what is no top-level domain', () => {
  expectFound([
    '{{EMAIL_ADDRESS|a@b.com}}.',
    '({{EMAIL_ADDRESS|a@b.com}})',
    '{{EMAIL_ADDRESS|a@b.com}}.2 of us',
    '{{EMAIL_ADDRESS|a@b.com}}-',
  ])
})

test('the escape of a line break in a string is no letter of the address', () => {
  expectFound([String.raw`The line was \n{{EMAIL_ADDRESS|next@example.org}}\nas JSON has it.`])
})

test('what only has an @ is left', () => {
  expectFound([
    'icon@2x.png',
    'git@github.com:owner/repo.git',
    'npm i foo@12.3.4',
    '@scope/name',
    'a@b',
    'meet @ noon',
    'getty@tty1.service',
    '.@a.io',
    'a.@b.io',
  ])
})

test('a label of more than 63 characters is of no domain', () => {
  expectFound([`a@${'b'.repeat(64)}.com`, `{{EMAIL_ADDRESS|a@${'b'.repeat(63)}.com}}`])
})
