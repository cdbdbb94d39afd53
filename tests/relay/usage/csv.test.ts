import { expect, test } from 'vitest'
import { quoted } from '../../../src/relay/usage/csv.js'

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '＋1', '－1', '＠SUM(A1)'])(
  'a cell that a spreadsheet may take for a formula is a text: %j',
  (text) => {
    expect(quoted(text).replace(/^"/, '')).toMatch(/^'/)
  },
)

test.each([
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['gpt-4o', 'gpt-4o'],
  ['', ''],
])('%j is written as %j', (text, cell) => {
  expect(quoted(text)).toBe(cell)
})
