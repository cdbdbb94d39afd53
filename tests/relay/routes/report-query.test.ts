import { describe, expect, it } from 'vitest'
import { momentOf } from '../../../src/relay/routes/report-query.js'

describe('a time of a report', () => {
  it.each([
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T12:00', '2026-11-01T12:00:00.000Z'],
    ['2026-11-01T12:30:15.25', '2026-11-01T12:30:15.250Z'],
    ['2026-11-01T12:00:00Z', '2026-11-01T12:00:00.000Z'],
    ['2026-11-01T12:00+01:00', '2026-11-01T11:00:00.000Z'],
    ['1793491200000', '2026-11-01T00:00:00.000Z'],
  ])('is in UTC wherever the relay is, unless it says otherwise: %s', (given, at) => {
    expect(momentOf({ from: given }, 'from')).toEqual({ from: Date.parse(at) })
  })

  it.each([
    ...['', '-1', 'yesterday 3', 'last-month-1', 'Nov 1 2026', '2026-13-01', '2026-11-01T25:00', '2026-11-01 x', '1e3'],
    ...['2026-11-31', '2026-02-29T12:00Z'],
  ])('is refused where it is none: %j', (given) => {
    expect(() => momentOf({ to: given }, 'to')).toThrow('`to` is a date')
  })

  it('may be absent', () => {
    expect(momentOf({}, 'from')).toEqual({})
  })
})
