import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { paint, table } from '../../src/cli/output.js'

/** As much of a terminal as is asked for. */
const terminal = (isTTY: boolean) =>
  Object.assign(new PassThrough(), { isTTY, getColorDepth: WriteStream.prototype.getColorDepth }) as unknown as WriteStream

describe('colours', () => {
  beforeEach(() => {
    for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI', 'TMUX']) vi.stubEnv(name, undefined)
    vi.stubEnv('TERM', 'xterm-256color')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('are for eyes at a terminal', () => {
    expect(paint('red', 'no', terminal(true))).toBe('\u001b[31mno\u001b[39m')
  })

  test('are left out where the output goes on to a program', () => {
    expect(paint('red', 'no', terminal(false))).toBe('no')
  })

  test('are left out with NO_COLOR', () => {
    vi.stubEnv('NO_COLOR', '1')
    expect(paint('red', 'no', terminal(true))).toBe('no')
  })

  test('do not make a column wider', () => {
    const rows = [
      [paint('green', 'ready', terminal(true)), 'x'],
      ['', 'y'],
      ['longer', 'z'],
    ]
    expect(table(rows)).toBe('\u001b[32mready\u001b[39m   x\n        y\nlonger  z')
  })
})

test('the rows of a table may end early, the last one too', () => {
  expect(table([['a', 'b', 'c'], ['longer'], ['x', 'wider', 'c'], ['d', 'e']])).toBe(
    'a       b      c\nlonger\nx       wider  c\nd       e',
  )
})

test('a table of no rows is empty', () => {
  expect(table([])).toBe('')
})
