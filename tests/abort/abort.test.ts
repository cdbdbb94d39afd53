/** A caller who leaves, at any moment of a call: all that was done for it stops in the same tick. */
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'
import { moments, prepare, reached, reportsOf, soon } from './moments.js'

const mock = useMock()

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

/** What came of a call so far, as its caller sees it. */
interface Watched {
  bytes: number
  ending?: unknown
}

function watch(answer: Promise<Response>): Watched {
  const watched: Watched = { bytes: 0 }
  const reading = answer.then(async (response) => {
    for await (const bytes of response.body ?? []) watched.bytes += bytes.length
    return response.status
  })
  reading.then(
    (status) => {
      watched.ending = status
    },
    (error: unknown) => {
      watched.ending = error
    },
  )
  return watched
}

/**
 * Between two callbacks of one check phase no timer fires and nothing is read from a socket: only what follows from the
 * first by itself, promise upon promise, can have happened.
 */
function inOneTick(act: () => void, look: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(act)
    setImmediate(() => {
      try {
        resolve(look())
      } catch (error) {
        reject(error)
      }
    })
  })
}

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test.each(moments)('a call that is left while it is $name stops in that tick', async (moment) => {
      const leash = createLeash({ providers: mockProviders(mock.url), retry: false, ...moment.options })
      const reports = reportsOf(leash)
      const ask = (text: string, signal: AbortSignal) =>
        send(leash, door, mock.url, request(text, moment.stream ?? false), signal)
      mock.script(...moment.faults)
      const before = new AbortController()
      await prepare(moment, mock, () => ask('the call before', before.signal).then((response) => response.text(), String))
      const idle = timers()
      const ended = reports.length

      const caller = new AbortController()
      const call = watch(ask('one two three four five six seven eight', caller.signal))
      await reached(moment, mock, () => call.bytes)
      expect(call.ending).toBeUndefined()
      const reason = new Error('enough')
      await inOneTick(
        () => caller.abort(reason),
        () => {
          expect(call.ending).toBe(door === 'fetch' || moment.reading ? reason : 499)
          expect(reports.slice(ended)).toMatchObject([{ ended: true }])
          expect(reports[ended]?.attempts.filter(({ outcome }) => outcome === 'pending')).toEqual([])
          expect(timers()).toBeLessThanOrEqual(idle)
        },
      )
      before.abort()
      await soon(() => mock.requests.every(({ outcome }) => outcome !== 'pending'))
      await sleep(10)
      expect(mock.requests).toHaveLength(moment.requests)
      expect(mock.requests.at(-1)?.outcome).toBe(moment.faults.at(-1)?.hang ? 'aborted' : 'answered')
      // A platform's `Request` keeps a listener of its own.
      if (door === 'fetch') expect(getEventListeners(caller.signal, 'abort')).toEqual([])
    })
  })
})
