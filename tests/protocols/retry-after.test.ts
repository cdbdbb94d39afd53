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

  it('says nothing when the answer does, or nothing that can be read', () => {
    expect(wait({})).toBeUndefined()
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined()
    expect(wait({ 'retry-after-ms': '' })).toBeUndefined()
    expect(wait({ 'retry-after': '-5' })).toBeUndefined()
    expect(wait({ 'retry-after-ms': '-5', 'retry-after': '-1' })).toBeUndefined()
  })
})
