import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Ending, endings } from '../../../src/core/ending.js'
import { Replay } from '../../../src/middleware/cache/replay.js'
import { aCall } from '../../helpers/call.js'

const bytes = Uint8Array.from({ length: 6000 }, (_, at) => at % 251)
const pieces = [1000, 0, 2000, 50, 3000, 200]

function endingOf(replay: Replay): { ending: Ending; told: number } {
  const seen: { ending: Ending; told: number } = { ending: undefined, told: 0 }
  replay[endings].listen((ending) => Object.assign(seen, { ending, told: seen.told + 1 }))
  return seen
}

async function all(replay: Replay): Promise<Buffer[]> {
  const read: Buffer[] = []
  for await (const piece of replay) read.push(Buffer.from(piece))
  return read
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a recorded stream', () => {
  test('comes at once, whole, and tells its end once', async () => {
    const replay = new Replay(bytes, pieces, aCall(), false)
    const seen = endingOf(replay)
    expect(Buffer.concat(await all(replay)).equals(bytes)).toBe(true)
    expect(await replay.next()).toEqual({ done: true, value: undefined })
    await replay.return()
    expect(seen).toEqual({ ending: undefined, told: 1 })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is not changed by what its reader does to it', async () => {
    const kept = new Uint8Array(bytes)
    const { value } = await new Replay(kept, pieces, aCall(), false).next()
    value?.fill(0)
    expect(Buffer.from(kept).equals(bytes)).toBe(true)
  })

  test('comes in its pieces, at its pace', async () => {
    const replay = new Replay(bytes, pieces, aCall(), true)
    const came: [number, number][] = []
    const began = performance.now()
    const reading = (async () => {
      for await (const piece of replay) came.push([piece.length, performance.now() - began])
    })()
    await vi.runAllTimersAsync()
    await reading
    expect(came.map(([length]) => length)).toEqual([1000, 2000, 3000])
    expect(came.map(([, at]) => Math.round(at / 10) * 10)).toEqual([0, 50, 200])
  })

  test.each([false, true])('stops when its caller does (paced: %s), and leaves no listener', async (paced) => {
    const abort = new AbortController()
    const replay = new Replay(bytes, pieces, aCall({ signal: abort.signal }), paced)
    const seen = endingOf(replay)
    await replay.next()
    const next = replay.next().then(
      () => replay.next(),
      (error: unknown) => Promise.reject(error),
    )
    const failed = expect(next).rejects.toThrow()
    abort.abort()
    await failed
    expect(seen).toMatchObject({ ending: { code: 'aborted' }, told: 1 })
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ends at the deadline of its call', async () => {
    const replay = new Replay(bytes, pieces, aCall({ deadline: Date.now() + 100 }), true)
    const seen = endingOf(replay)
    const reading = all(replay)
    const failed = expect(reading).rejects.toThrow('deadline_exceeded')
    await vi.runAllTimersAsync()
    await failed
    expect(seen).toMatchObject({ ending: { code: 'deadline_exceeded' }, told: 1 })
  })

  test('is cancelled by who leaves it, and not by who has read all of it', async () => {
    const left = new Replay(bytes, pieces, aCall(), true)
    const seen = endingOf(left)
    await left.next()
    const waiting = left.next()
    await left.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(seen).toEqual({ ending: 'cancelled', told: 1 })
    expect(vi.getTimerCount()).toBe(0)
    const read = new Replay(bytes, [bytes.length, 0], aCall(), false)
    const whole = endingOf(read)
    await read.next()
    await read.return()
    expect(whole).toEqual({ ending: undefined, told: 1 })
  })
})
