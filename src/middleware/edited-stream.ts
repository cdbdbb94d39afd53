import type { StreamResult } from '../core/call.js'
import { atEnd, done, type Ending, Endings, endings, type TellingStream } from '../core/ending.js'
import { isLeashError, type LeashError } from '../core/errors.js'

/** Takes the bytes of a stream as they come, and gives back what is to go on. */
export interface StreamEdit {
  push(bytes: Uint8Array): Uint8Array | undefined
  /** What is left when the stream has ended. */
  end(): Uint8Array | undefined
}

/**
 * A stream as its editor leaves it. What is held back when the stream breaks goes out before the error does.
 *
 * @param onEnd told before anybody further out, and again after each piece that is handed on when the stream has told its end already
 */
export function editedStream(result: StreamResult, editor: StreamEdit, onEnd: () => void): StreamResult {
  const told = new Endings()
  let refused: LeashError | undefined
  const { body } = atEnd(result, (ending: Ending) => {
    onEnd()
    told.end(refused ?? ending)
  })
  const source = body[Symbol.asyncIterator]()
  let over = false
  let failure: { readonly error: unknown } | undefined

  const stream: AsyncIterableIterator<Uint8Array> & TellingStream = {
    [endings]: told,
    async next() {
      while (!over) {
        let bytes: Uint8Array | undefined
        try {
          const read = await source.next()
          if (!read.done) bytes = read.value
        } catch (error) {
          failure = { error }
        }
        try {
          over ||= !bytes
          const value = bytes ? editor.push(bytes) : editor.end()
          if (value) return { done: false, value }
        } catch (error) {
          over = true
          if (isLeashError(error)) refused = error
          await source.return?.()
          throw error
        } finally {
          if (told.ended) onEnd()
        }
      }
      if (!failure) return done
      const { error } = failure
      failure = undefined
      throw error
    },
    async return() {
      over = true
      failure = undefined
      await source.return?.()
      return done
    },
    [Symbol.asyncIterator]: () => stream,
  }
  return { ...result, body: stream }
}
