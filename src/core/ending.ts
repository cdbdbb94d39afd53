/** When a result is complete: a unary answer at once, a stream when its last byte was read, it failed, or it was left. */
import type { Result, StreamResult } from './call.js'
import { isLeashError, LeashError } from './errors.js'

/** How a result ended: whole, with an error, or left before its end. */
export type Ending = LeashError | 'cancelled' | undefined

/** What an iterator says when there is nothing more. */
export const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

export const endings = Symbol('leashllm.endings')

/** A stream of wire bytes that tells when it has ended, so that nobody needs to wrap it. */
export interface TellingStream extends AsyncIterable<Uint8Array> {
  readonly [endings]: Endings
}

export const hearing = Symbol('leashllm.hearing')

/** A stream that also tells of each piece which it hands on, so that nobody needs to wrap it for that either. */
interface HeardStream extends AsyncIterable<Uint8Array> {
  [hearing](hear: (bytes: Uint8Array) => void): void
}

/** Who wants to know of a stream's end. Told once, and at once where it has ended already. */
export class Endings {
  #listeners: ((ending: Ending) => void)[] | undefined
  #ending: Ending
  ended = false

  listen(listener: (ending: Ending) => void): void {
    if (this.ended) listener(this.#ending)
    else if (this.#listeners) this.#listeners.push(listener)
    else this.#listeners = [listener]
  }

  /** Only the first ending counts. */
  end(ending: Ending): void {
    if (this.ended) return
    this.ended = true
    this.#ending = ending
    // Innermost layer first: the ones further out read what it wrote.
    for (const listener of this.#listeners ?? []) listener(ending)
    this.#listeners = undefined
  }
}

/**
 * Calls `listener` once when the result is complete.
 *
 * @returns the result to hand on: the same one, unless its stream is somebody else's and had to be wrapped
 */
export function atEnd<R extends Result>(result: R, listener: (ending: Ending) => void): R
export function atEnd(result: Result, listener: (ending: Ending) => void): Result {
  if (!result.stream) {
    listener(undefined)
    return result
  }
  if (isTelling(result.body)) {
    result.body[endings].listen(listener)
    return result
  }
  return { ...result, body: watched(result, listener) }
}

/**
 * The same result, with each piece of its stream also told to `hear` when it is read. The bytes are not to be changed.
 *
 * @param over told when the stream has been read to its end, or left, before who did so goes on
 */
export function overheard(
  result: StreamResult,
  hear: (bytes: Uint8Array) => void,
  over?: (how: 'read' | 'left') => Promise<void>,
): StreamResult {
  if (!over && isHeard(result.body)) {
    result.body[hearing](hear)
    return result
  }
  const body = isTelling(result.body) ? result.body : watched(result, () => {})
  const bytes = body[Symbol.asyncIterator]()
  const listen = (read: IteratorResult<Uint8Array>) => {
    if (!read.done) hear(read.value)
    else if (over) return over('read').then(() => read)
    return read
  }
  const stream: AsyncIterableIterator<Uint8Array> & TellingStream = {
    [endings]: body[endings],
    // One promise for each piece, and no more.
    next: () => bytes.next().then(listen),
    async return() {
      await bytes.return?.()
      await over?.('left')
      return done
    },
    [Symbol.asyncIterator]: () => stream,
  }
  return { ...result, body: stream }
}

export function isTelling(stream: AsyncIterable<Uint8Array>): stream is TellingStream {
  return endings in stream
}

function isHeard(stream: AsyncIterable<Uint8Array>): stream is HeardStream {
  return hearing in stream
}

/** No generator: one that is left before its first value runs no `finally`. */
function watched({ body }: StreamResult, listener: (ending: Ending) => void): TellingStream {
  const told = new Endings()
  told.listen(listener)
  const bytes = body[Symbol.asyncIterator]()
  const stream: AsyncIterableIterator<Uint8Array> & TellingStream = {
    [endings]: told,
    async next() {
      try {
        const read = await bytes.next()
        if (read.done) told.end(undefined)
        return read
      } catch (error) {
        told.end(brokenBy(error))
        throw error
      }
    },
    async return() {
      told.end('cancelled')
      await bytes.return?.()
      return done
    },
    [Symbol.asyncIterator]: () => stream,
  }
  return stream
}

/** A stream that ended too early. */
export function truncated(): LeashError {
  return new LeashError('stream_truncated', 'The stream ended before the answer was complete. Send the call again.', {
    retryable: true,
  })
}

/** What a stream has failed with. A connection that breaks is thrown as the platform threw it, for SDKs to know it by. */
export function brokenBy(error: unknown): LeashError {
  if (isLeashError(error)) return error
  const message = 'The connection to the provider broke before the answer was complete. Send the call again.'
  return new LeashError('network_error', message, { retryable: true, cause: error })
}

/** Closes a result that nobody wants. */
export function leave(result: Result): void {
  if (result.stream)
    result.body[Symbol.asyncIterator]()
      .return?.()
      .catch(() => {})
}
