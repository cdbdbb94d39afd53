import { describe, expect, it } from 'vitest'
import { type ErrorCode, LeashError, type LeashErrorOptions } from '../../../src/core/errors.js'
import { type Failed, failureOf } from '../../../src/middleware/fallback/failure.js'

const failed = (name: string, code: ErrorCode, options: LeashErrorOptions & { reached?: boolean } = {}): Failed => ({
  name,
  error: new LeashError(code, `Prompt of ${name}.`, options),
  reached: options.reached ?? true,
})

describe('the failure of a chain', () => {
  it("is the one target's own where only one was tried", () => {
    const only = failed('a/1', 'rate_limited')
    expect(failureOf([only])).toBe(only.error)
  })

  it('names every target and its code, and shows nothing of what was said', () => {
    const { message, code } = failureOf([failed('a/1', 'rate_limited'), failed('b/2', 'not_found')])
    expect(code).toBe('all_targets_failed')
    expect(message).toContain('None of 2 targets could answer: a/1 (rate_limited, 429), b/2 (not_found, 404).')
    expect(message).not.toContain('Prompt')
  })

  it('has the status of the last target that was reached, and the last failure as its cause', () => {
    const last = failed('c/3', 'missing_key', { reached: false })
    const failure = failureOf([failed('a/1', 'overloaded'), failed('b/2', 'rate_limited'), last])
    expect(failure).toMatchObject({ status: 429, cause: last.error, retryable: false })
    expect(failureOf([failed('a/1', 'circuit_open', { reached: false }), last])).toMatchObject({ status: 401 })
  })

  it('asks to wait as little as any target does', () => {
    const waits = [5000, 2000, undefined].map((retryAfterMs, index) =>
      failed(`a/${index}`, 'rate_limited', { retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs }) }),
    )
    expect(failureOf(waits)).toMatchObject({ retryAfterMs: 2000 })
    expect(failureOf(waits).message).toContain('later')
  })

  it('does not ask to wait where waiting helps nobody', () => {
    const failure = failureOf([failed('a/1', 'not_found'), failed('b/2', 'missing_key')])
    expect(failure.retryAfterMs).toBeUndefined()
    expect(failure.message).toContain('name other models in `fallback`')
  })

  it.each(['aborted', 'deadline_exceeded', 'budget_exceeded', 'policy_blocked'] as const)(
    'is %s itself, wherever the call had come to',
    (code) => {
      const last = failed('b/2', code)
      expect(failureOf([failed('a/1', 'overloaded'), last])).toBe(last.error)
    },
  )
})
