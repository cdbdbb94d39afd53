import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import { createReport, endReport, whenEnded } from '../../src/core/report.js'

describe('Emitter', () => {
  it('is deaf until somebody listens, and again when they stop', () => {
    const emitter = new Emitter()
    expect(emitter.heard('result')).toBe(false)
    const stop = emitter.on('result', () => {})
    expect(emitter.heard('result')).toBe(true)
    stop()
    expect(emitter.heard('result')).toBe(false)
  })
})

describe('a report', () => {
  it('ends exactly once, and tells everybody who waits', async () => {
    const emitter = new Emitter()
    const heard: Report[] = []
    emitter.on('result', (report) => heard.push(report))
    const report = createReport('call_1', undefined)
    const waiting = [whenEnded(report), whenEnded(report)]
    endReport(report, emitter)
    endReport(report, emitter)
    expect(await Promise.all(waiting)).toEqual([report, report])
    expect(await whenEnded(report)).toBe(report)
    expect(heard).toEqual([report])
  })
})
