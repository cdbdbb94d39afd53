import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isLeashError, LeashError, thrown } from '../../src/core/errors.js'

describe('LeashError', () => {
  it('starts its message with its code, and gives the rest apart', () => {
    const error = new LeashError('rate_limited', 'Wait a second.')
    expect(error.message).toBe('[rate_limited] Wait a second.')
    expect(error.detail).toBe('Wait a second.')
    expect(error.status).toBe(429)
  })

  it('is known by a brand, so that another copy of the package is recognised', () => {
    expect(isLeashError(new LeashError('timeout', 'x'))).toBe(true)
    expect(isLeashError({ [Symbol.for('leashllm.error')]: true })).toBe(true)
    expect(isLeashError(new Error('x'))).toBe(false)
    expect(isLeashError(null)).toBe(false)
  })

  it('keeps what the upstream said out of what is printed, for it may quote the prompt', () => {
    const upstream = { protocol: 'openai-chat', status: 400, headers: new Headers(), text: 'the secret prompt' }
    const error = new LeashError('invalid_request', 'No.', { upstream })
    expect(error.upstream?.text).toBe('the secret prompt')
    expect(inspect(error)).not.toContain('secret prompt')
    expect(JSON.stringify(error)).not.toContain('secret prompt')
  })

  it('prints what it has to tell, and nothing else', () => {
    const printed = inspect(new LeashError('rate_limited', 'Wait a second.', { retryAfterMs: 1000, cause: undefined }))
    expect(printed).toContain('retryAfterMs: 1000')
    expect(printed).not.toMatch(/undefined|Symbol/)
  })

  it('goes out as the platform threw it when the caller aborted or the connection failed', () => {
    const cause = new TypeError('fetch failed')
    expect(thrown(new LeashError('network_error', 'x', { cause }))).toBe(cause)
    const timeout = new LeashError('timeout', 'x', { cause })
    expect(thrown(timeout)).toBe(timeout)
  })
})
