import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { windowAt } from '../../../src/middleware/budget/windows.js'

const even = ['minute', 'hour', 'day', 'week', 'month'] as const
const moment = fc.integer({ min: 0, max: Date.UTC(2100, 0) })

describe('windows of a budget', () => {
  test('follow each other without a gap, whoever asks in whatever order', () => {
    fc.assert(
      fc.property(fc.constantFrom(...even), fc.array(moment, { minLength: 1, maxLength: 5 }), (per, moments) => {
        for (const at of moments) {
          const { name, endsAt = 0 } = windowAt(per, at)
          expect(endsAt).toBeGreaterThan(at)
          expect(windowAt(per, endsAt - 1)).toEqual({ name, endsAt })
          expect(windowAt(per, endsAt).name).not.toBe(name)
          expect(windowAt(per, at)).toEqual({ name, endsAt })
        }
      }),
    )
  })

  test.each([
    ['month', '2028-02-29T23:59:59.999Z', '2028-03-01T00:00:00.000Z'],
    ['month', '2027-02-28T12:00:00.000Z', '2027-03-01T00:00:00.000Z'],
    ['month', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
    ['week', '2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00.000Z'],
    ['week', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
    ['day', '2026-03-29T01:30:00.000Z', '2026-03-30T00:00:00.000Z'],
  ] as const)('a %s with %s ends at %s', (per, at, end) => {
    expect(windowAt(per, Date.parse(at)).endsAt).toBe(Date.parse(end))
  })

  test('of all time, and of one call, never end', () => {
    expect([windowAt('total', 0), windowAt('call', 0)]).toEqual([{ name: 'total' }, { name: 'call' }])
  })
})
