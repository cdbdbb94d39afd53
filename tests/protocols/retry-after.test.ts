import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '../../src/protocols/retry-after.js'

const wait = (headers: Record<string, string>) => retryAfterMs(new Headers(headers))

describe('retryAfterMs', () => {
  it('prefers milliseconds to seconds', () => {
    expect(wait({ 'retry-after-ms': '120', 'retry-after': '7' })).toBe(120)
    expect(wait({ 'retry-after': '7' })).toBe(7000)
    expect(wait({ 'retry-after': '0' })).toBe(0)
  })

  it('reads a date, and a date that has passed as now', () => {
    const soon = wait({ 'retry-after': new Date(Date.now() + 90_000).toUTCString() }) ?? 0
    expect(soon).toBeGreaterThan(80_000)
    expect(soon).toBeLessThanOrEqual(90_000)
    expect(wait({ 'retry-after': new Date(0).toUTCString() })).toBe(0)
  })

  it('counts from the time that the answer is of, where this machine has another', () => {
    const date = 'Wed, 01 Jan 2020 00:00:00 GMT'
    expect(wait({ date, 'retry-after': 'Wed, 01 Jan 2020 00:00:07 GMT' })).toBe(7000)
    expect(wait({ date, 'retry-after': 'Tue, 31 Dec 2019 23:59:59 GMT' })).toBe(0)
    expect(wait({ date: 'today', 'retry-after': 'Wed, 01 Jan 2020 00:00:07 GMT' })).toBe(0)
  })

  it('reads each form of a date in UTC, wherever it runs', () => {
    const dates = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']
    const others = ['1994-11-06T08:49:37', '1994-11-06 08:49:37', '1994-11-06T14:34:37+05:45', '1994-11-06T08:49:37Z']
    const program = `
      import { dateIn } from ${JSON.stringify(new URL('../../src/protocols/retry-after.ts', import.meta.url).href)}
      console.log(JSON.stringify(${JSON.stringify([...dates, ...others])}.map(dateIn)))`
    const env = { ...process.env, TZ: 'Asia/Kathmandu' }
    const read = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { env, encoding: 'utf8' })
    expect(new Set(JSON.parse(read))).toEqual(new Set([Date.UTC(1994, 10, 6, 8, 49, 37)]))
  })

  it('reads the forms in which vendors say when a limit is free again', () => {
    expect(wait({ 'retry-after': '6m0s' })).toBe(360_000)
    expect(wait({ 'retry-after': '250ms' })).toBe(250)
    const date = 'Wed, 01 Jan 2020 00:00:00 GMT'
    expect(wait({ date, 'retry-after': '1577836807' })).toBe(7000)
    expect(wait({ date, 'retry-after': '1577836807000' })).toBe(7000)
  })

  it('says nothing when the answer does, or nothing that can be read', () => {
    expect(wait({})).toBeUndefined()
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined()
    expect(wait({ 'retry-after-ms': '' })).toBeUndefined()
    expect(wait({ 'retry-after': '-5' })).toBeUndefined()
    expect(wait({ 'retry-after-ms': '-5', 'retry-after': '-1' })).toBeUndefined()
  })
})
