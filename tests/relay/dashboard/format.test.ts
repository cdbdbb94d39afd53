import { describe, expect, test } from 'vitest'
import { ago, count, duration, money, percent, shortMoney, wholeMoney } from '../../../src/relay/dashboard/format.js'

describe('money', () => {
  test.each([
    [0, '$0.00'],
    [1, '$0.000000001'],
    [12_000, '$0.000012'],
    [57_300, '$0.000057'],
    [6_200_000, '$0.0062'],
    [9_999_999, '$0.01'],
    [10_000_000, '$0.01'],
    [1_000_000_000, '$1.00'],
    [12_345_678_900_000, '$12,345.68'],
    [-2_500_000_000, '−$2.50'],
  ])('of %d nano-dollars reads %s', (nano, text) => {
    expect(money(nano)).toBe(text)
  })

  test('that is not nothing never reads as nothing', () => {
    for (let nano = 1; nano < 1e12; nano = Math.ceil(nano * 1.37)) expect(money(nano)).toMatch(/[1-9]/)
  })

  test('has no cents where it is much and the place narrow', () => {
    expect([999.5e9, 8_829.28e9, 186_555.5e9, 1_865_555e9, 0.5e9].map(wholeMoney)).toEqual([
      '$999.50',
      '$8,829',
      '$186,555',
      '$1.87M',
      '$0.50',
    ])
  })

  test('on an axis is short', () => {
    expect([0, 5e8, 1.5e9, 12.5e9, 25e9, 12_500e9].map(shortMoney)).toEqual(['$0', '$0.50', '$1.50', '$12.50', '$25', '$12.5k'])
  })
})

describe('other numbers', () => {
  test.each([
    [0, '0'],
    [9999, '9,999'],
    [12_345, '12.3k'],
    [999_950, '1M'],
    [22_500_000, '22.5M'],
    [3_210_000_000, '3.21B'],
  ])('the count %d reads %s', (value, text) => {
    expect(count(value)).toBe(text)
  })

  test('durations, shares and times read as people say them', () => {
    expect([0, 842.4, 999.6, 1540, 12_345, 300_000].map(duration)).toEqual([
      '0 ms',
      '842 ms',
      '1.00 s',
      '1.54 s',
      '12.3 s',
      '5 min',
    ])
    expect([0, 0.0002, 0.015, 0.5].map(percent)).toEqual(['0 %', '< 0.1 %', '1.5 %', '50 %'])
    const now = Date.UTC(2026, 0, 31)
    expect([1000, 120_000, 7_200_000, 172_800_000].map((passed) => ago(now - passed, now))).toEqual([
      'just now',
      '2 min ago',
      '2 h ago',
      '2 d ago',
    ])
  })
})
