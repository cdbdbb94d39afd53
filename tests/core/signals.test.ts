import { getEventListeners } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { sleep, timeLeft } from '../../src/core/signals.js'

describe('sleep', () => {
  it('stops at once when its signal fires, and leaves no listener behind', async () => {
    const controller = new AbortController()
    const sleeping = sleep(60_000, controller.signal)
    controller.abort(new Error('enough'))
    await expect(sleeping).rejects.toMatchObject({ code: 'aborted', cause: new Error('enough') })
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('leaves no listener behind when it ends by itself', async () => {
    const { signal } = new AbortController()
    await sleep(1, signal)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('waits as long as a timer can where it is to wait longer, and is not over at once', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const slept = vi.fn()
    const sleeping = sleep(2 ** 31).then(slept)
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2)
    expect(slept).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await sleeping
  })

  it('does not begin when the signal has fired already', async () => {
    await expect(sleep(60_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('timeLeft', () => {
  it('is endless without a deadline and never negative', () => {
    expect(timeLeft(undefined)).toBe(Number.POSITIVE_INFINITY)
    expect(timeLeft(Date.now() - 1000)).toBe(0)
  })
})
