/** What is waited for that knows no signal: a caller who leaves is not kept by it. */
import { getEventListeners } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { untilStopped } from '../../src/core/until-stopped.js'

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

test('what comes is passed on, and so is what fails, with no listener left', async () => {
  const { signal } = new AbortController()
  expect(await untilStopped(Promise.resolve(1), { signal })).toBe(1)
  await expect(untilStopped(Promise.reject(new Error('gone')), { signal })).rejects.toThrow('gone')
  expect(listeners(signal)).toBe(0)
})

test('a caller who leaves is told at once, and what comes after that is seen to', async () => {
  const abort = new AbortController()
  const { promise, resolve } = Promise.withResolvers<number>()
  const late = vi.fn()
  const waiting = untilStopped(promise, { signal: abort.signal }, late)
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  expect(late).not.toHaveBeenCalled()
  resolve(1)
  await promise
  expect(late).toHaveBeenCalledTimes(1)
  expect(listeners(abort.signal)).toBe(0)
})

test('a signal that had fired before is enough, and a failure that nobody waits for is none', async () => {
  const late = vi.fn()
  const signal = AbortSignal.abort()
  await expect(untilStopped(Promise.reject(new Error('gone')), { signal }, late)).rejects.toMatchObject({ code: 'aborted' })
  expect(late).not.toHaveBeenCalled()
})

test('a deadline is as far away as it was, though the clock is set back', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const waiting = untilStopped(new Promise(() => {}), { deadline: Date.now() + 1000 }).catch((error) => error.code)
  vi.setSystemTime(Date.now() - 3_600_000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(await Promise.race([waiting, 'it waits'])).toBe('deadline_exceeded')
})

test('a deadline that passes ends the wait too', async () => {
  const waiting = untilStopped(new Promise(() => {}), { deadline: Date.now() + 20 })
  await expect(waiting).rejects.toMatchObject({ code: 'deadline_exceeded' })
})
