import { describe, expect, test } from 'vitest'
import { checkPolicy, underPolicy } from '../src/policy.js'

describe('a policy', () => {
  test('is made of options that JSON can say', () => {
    const policy = { access: { models: { allow: ['gpt-*'] } }, budgets: [{ limit: { usd: 5 }, per: 'day' }], redact: true }
    expect(checkPolicy(policy)).toBe(policy)
  })

  test.each([
    [null, 'A policy is an object'],
    [[], 'A policy is an object'],
    [{ providers: { openai: { apiKey: 'sk-secret' } } }, 'A policy has no `providers`'],
    [{ fetch: 'x' }, 'A policy has no `fetch`'],
    [{ acess: {} }, 'A policy has no `acess`'],
    [{ budgets: [{ limit: { usd: 'much' } }] }, 'budgets'],
    [{ access: { models: ['gpt-4o'] } }, 'access.models'],
  ])('%j is none', (policy, why) => {
    expect(() => checkPolicy(policy)).toThrow(why)
  })
})

describe('options under a policy', () => {
  const own = { maxAttempts: 9, strict: true, providers: {} }

  test('are what it says, and their own where it says nothing', () => {
    expect(underPolicy(own, { maxAttempts: 2 })).toEqual({ maxAttempts: 2, strict: true, providers: {} })
  })

  test('are those that stood before where it reads the same, so that what was made of them is kept', () => {
    const first = underPolicy(own, { fallback: ['openai/gpt-4o'], redact: { deny: ['x'] } })
    const second = underPolicy(own, { fallback: ['openai/gpt-4.1'], redact: { deny: ['x'] } }, first)
    expect(second.redact).toBe(first.redact)
    expect(second.fallback).toEqual(['openai/gpt-4.1'])
  })

  test('fall back to their own when a policy no longer says anything', () => {
    const first = underPolicy(own, { maxAttempts: 2 })
    expect(underPolicy(own, {}, first).maxAttempts).toBe(9)
  })
})
