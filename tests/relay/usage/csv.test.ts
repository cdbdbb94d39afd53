import { expect, test } from 'vitest'
import { quoted } from '../../../src/relay/usage/csv.js'

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '＋1', '－1', '＠SUM(A1)'])(
  'a cell that a spreadsheet may take for a formula is a text: %j',
  (text) => {
    expect(quoted(text).replace(/^"/, '')).toMatch(/^'/)
  },
)

test.each([
  ['x;=1+1', `"x;'=1+1"`],
  ['x;"=1+1', `"x;""'=1+1"`],
  ['x\n-1', `"x\n'-1"`],
  ['x\t@SUM(A1)', "x\t'@SUM(A1)"],
  ['\t=1', "'\t'=1"],
  ['a-b;c+d', '"a-b;c+d"'],
])('a formula that begins in the middle of a cell, where others part cells otherwise, is a text: %j', (text, cell) => {
  expect(quoted(text)).toBe(cell)
})

test('nothing in a cell steers a terminal', () => {
  expect(quoted('a\u001b[2Jb\u0007\u009b\u007f')).toBe('a [2Jb   ')
  expect(quoted('ü\u{1f600}')).toBe('ü\u{1f600}')
})

test.each([
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['gpt-4o', 'gpt-4o'],
  ['', ''],
])('%j is written as %j', (text, cell) => {
  expect(quoted(text)).toBe(cell)
})
