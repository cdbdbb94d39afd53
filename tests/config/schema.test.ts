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
    expect(fault({ strict: 'yes' })).toMatch(/`strict`: must be a boolean/)
    expect(fault('x')).toMatch(/`options`: must be an object/)
  })

  it.each([
    [{ fallback: 'gpt-4o' }, '`fallback`: must be a list or an object'],
    [{ retry: 3 }, '`retry`: must be false or an object'],
    [{ tokens: 'cl100k' }, '`tokens`: must be "exact" or a function'],
    [
      { rateLimit: [{ limit: { requests: 1 }, per: 'min' }] },
      '`rateLimit.0.per`: must be "second" or "minute" or "hour" or "day" or a whole number',
    ],
    [
      { budgets: [{ limit: { usd: 1 }, per: 'day', by: 'team' }] },
      '`budgets.0.by`: must be tenant, user, key, provider, model or tag:… or a list',
    ],
  ])('says of several forms what each should be: %j', (options, said) => {
    expect(fault(options)).toContain(said)
  })

  it('never shows a value, which may be a key', () => {
    expect(fault({ providers: { openai: 'sk-secret' }, routes: { a: { key: 'sk-secret' } }, extra: 'sk-secret' })).not.toContain(
      'sk-secret',
    )
  })
})
