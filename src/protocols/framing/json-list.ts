/**
 * A stream as Google answers where no server-sent events are asked for: one list of JSON that grows by an item for each event.
 * https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
import { done } from '../../core/ending.js'
import type { Framing } from './framing.js'

export const jsonListType = 'application/json; charset=UTF-8'

const encoder = new TextEncoder()

/** No generator, for one that is left before its first value does not let go of what it holds. */
export function jsonList(events: string | AsyncIterable<Uint8Array>, framing: Framing): AsyncIterable<Uint8Array> {
  const bytes = typeof events === 'string' ? [encoder.encode(events)].values() : events[Symbol.asyncIterator]()
  let text = ''
  let front = '['
  let over = false
  const unframer = framing.unframer(({ data }) => {
    text += front + data
    front = ',\n'
  })
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      while (text === '') {
        if (over) return done
        const read = await bytes.next()
        if (!read.done) unframer.push(read.value)
        else {
          over = true
          unframer.end()
          text += front === '[' ? '[]' : ']'
        }
      }
      const value = encoder.encode(text)
      text = ''
      return { done: false, value }
    },
    async return() {
      await bytes.return?.()
      return done
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
