import { test } from 'vitest'
import { expectFound } from './expect-found.js'

test('a social security number is found by its form', () => {
  expectFound(['The form lists {{US_SSN|219-09-9999}} under box a.', '({{US_SSN|536-22-1234}})'])
})

test('with other separators or none it needs the word', () => {
  expectFound([
    'SSN# {{US_SSN|536 22 1234}}',
    '536 22 1234',
    'social security number {{US_SSN|536221234}} on file',
    'order 536221234',
  ])
})

test('an individual taxpayer number begins with nine and has groups of its own', () => {
  expectFound(['ITIN {{US_ITIN|912-70-1234}}', '912-10-1234'])
})

test('a number that was never given out is left', () => {
  expectFound(['000-12-3456', '666-12-3456', '123-00-4567', '123-45-0000'])
})

test('a masked one is kept, as it still tells four digits', () => {
  expectFound(['{{US_SSN|XXX-XX-2409}}', '{{US_SSN|***-**-1234}}', 'SSN {{US_SSN|987-XX-XXXX}}'])
})

test('a part of a longer number or of another kind is left', () => {
  expectFound(['1-219-09-9999', '219-09-9999-1', 'x219-09-9999', 'part 219-09-9999', 'a/219-09-9999'])
})
