/** What a caller says of his call, and whose it is all the same. */
import { expect, it } from 'vitest'
import { callOptionsOf } from '../../../src/relay/gateway/call-options.js'
import { namesOf } from '../../../src/relay/gateway/identity.js'

it('makes the limits in force narrower, and none wider', () => {
  const inForce = { maxAttempts: 3, maxCostUsd: 1, strict: true, timeouts: { deadlineMs: 1000 } }
  const wide = { maxAttempts: 9, maxCostUsd: 9, strict: false, deadlineMs: 9000 }
  const narrow = { maxAttempts: 1, maxCostUsd: 0.5, deadlineMs: 500 }
  expect(callOptionsOf(wide, inForce)).toEqual({ maxAttempts: 3, maxCostUsd: 1, deadlineMs: 1000 })
  expect(callOptionsOf({ ...narrow, strict: true }, {})).toEqual({ ...narrow, strict: true })
  expect(callOptionsOf(narrow, inForce)).toEqual(narrow)
  expect(callOptionsOf(undefined, inForce)).toEqual({})
})

it.each(['tenant', 'key', 'dryRun', 'priority', 'costs'])('does not say `%s`', (name) => {
  expect(() => callOptionsOf({ [name]: 'x' }, {})).toThrow(/leash/)
})

it('names conversations and calls apart from those of every other tenant, user and key', () => {
  const named = { conversation: 'mine', idempotencyKey: 'mine' }
  const who = (tenant: string, id: string, user?: string) => {
    const { conversation, idempotencyKey } = namesOf({ tenant, id, ...(user !== undefined && { user }) }, named)
    expect(idempotencyKey).toBe(conversation)
    return conversation
  }
  const all = [who('red', 'k1', 'ada'), who('blue', 'k2', 'ada'), who('red', 'k1', 'bob'), who('red', 'k3'), who('red', 'k4')]
  expect(new Set([...all, 'mine'])).toHaveProperty('size', 6)
  expect(who('red', 'k9', 'ada')).toBe(all[0])
})
