import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatUsd, mostNano, parseUsd, usdOf } from '../../src/core/money.js'

describe('an amount of money', () => {
  test.each([
    ['0', 0],
    ['2.5', 2_500_000_000],
    ['0.000000001', 1],
    ['-1.25', -1_250_000_000],
    [' 7 ', 7_000_000_000],
    [0.1, 100_000_000],
    [0.000_000_1, 100],
    [1e-9, 1],
    [-0, 0],
  ])('%s is %i nano-dollars', (usd, nano) => {
    expect(parseUsd(usd)).toBe(nano)
  })

  test('decimals beyond nine are rounded, half of a nano-dollar upwards', () => {
    expect(parseUsd('0.0000000014')).toBe(1)
    expect(parseUsd('0.0000000015')).toBe(2)
    expect(parseUsd('0.9999999995')).toBe(1_000_000_000)
    expect(parseUsd(1 / 12)).toBe(83_333_333)
  })

  test.each(['', 'free', '1e3', '1,5', '$1', '.5', '5.', '--1', Number.NaN, Number.POSITIVE_INFINITY])('%s is none', (usd) => {
    expect(() => parseUsd(usd)).toThrow(/\[invalid_config\] An amount of money must be a number of US dollars/)
  })

  test('above nine million dollars is refused, because it would no longer be exact', () => {
    expect(parseUsd('9007199.254740991')).toBe(mostNano)
    expect(() => parseUsd('9007199.254740992')).toThrow('must be below 9007199.254740991 US dollars')
    expect(() => parseUsd(1e21)).toThrow('[invalid_config]')
  })

  test.each([
    [0, '0'],
    [1, '0.000000001'],
    [37_500, '0.0000375'],
    [2_500_000_000, '2.5'],
    [-1_250_000_000, '-1.25'],
    [12_000_000_000, '12'],
    [mostNano, '9007199.254740991'],
  ])('%i nano-dollars are written without an exponent', (nano, text) => {
    expect(formatUsd(nano)).toBe(text)
  })

  test('what is written is read back as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: -mostNano, max: mostNano }), (nano) => {
        expect(parseUsd(formatUsd(nano))).toBe(nano)
      }),
    )
  })

  test('as a number it has the same decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (nano) => {
        expect(parseUsd(usdOf(nano))).toBe(nano)
      }),
    )
  })
})
