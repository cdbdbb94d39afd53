import { describe, expect, it } from 'vitest'
import { fault } from './fault.js'

describe('checkOptions', () => {
  it('takes what the docs name', () => {
    expect(
      fault({ retry: { attempts: 5 }, timeouts: { idleMs: 1000 }, routes: { fast: 'groq/x' }, strict: true, use: [() => {}] }),
    ).toBe('taken')
    expect(fault({ retry: false })).toBe('taken')
    expect(fault({})).toBe('taken')
  })

  it('names an unknown option and the known ones', () => {
    expect(fault({ retrys: 1 })).toMatch(/unknown option `retrys` \(known: .*retry/)
    expect(fault({ timeouts: { idle: 1 } })).toMatch(/unknown option `timeouts\.idle` \(known: .*idleMs/)
  })

  it('says where a value is wrong and what it should be', () => {
    expect(fault({ timeouts: { attemptMs: 0 } })).toMatch(/`timeouts\.attemptMs`: must be at least 1/)
    expect(fault({ strict: 'yes' })).toMatch(/`strict`: expected boolean/)
    expect(fault('x')).toMatch(/`options`: expected object/)
  })

  it('never shows a value, which may be a key', () => {
    expect(fault({ providers: { openai: 'sk-secret' }, routes: { a: { key: 'sk-secret' } }, extra: 'sk-secret' })).not.toContain(
      'sk-secret',
    )
  })
})
