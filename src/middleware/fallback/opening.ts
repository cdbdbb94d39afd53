import type { StreamResult } from '../../core/call.js'
import { done, endings, isTelling } from '../../core/ending.js'
import { collect, type StreamEvent } from '../../core/events.js'
import type { Choice } from '../../core/message.js'
import type { Framing } from '../../protocols/framing/framing.js'
import type { StreamDecoder } from '../../protocols/protocol.js'

/** Of a stream that says nothing, or refuses at length. */
const mostBytes = 1024 * 1024

export interface Opening {
  /** The same stream, from its beginning. */
  readonly result: StreamResult
  /** What it came to, where it is over without a word but those of a refusal. */
  readonly choices: readonly Choice[] | undefined
}

/** Reads a stream up to its first word of an answer, which is mostly in its first piece. A refusal is read to its end. */
export async function openingOf(result: StreamResult, framing: Framing, decoder: StreamDecoder): Promise<Opening> {
  const events: StreamEvent[] = []
  const says = speaking()
  let isAnswer = false
  const note = (event: StreamEvent) => {
    events.push(event)
    isAnswer ||= says(event)
  }
  const frames = framing.unframer((event) => {
    for (const said of decoder.push(event)) note(said)
  })
  const bytes = result.body[Symbol.asyncIterator]()
  const pieces: Uint8Array[] = []
  let failure: { readonly error: unknown } | undefined
  let isOver = false
  for (let size = 0; !isAnswer && !isOver && size < mostBytes; ) {
    // Whoever reads the stream comes upon a failure in its place.
    const read = await bytes.next().catch((error: unknown) => {
      failure = { error }
    })
    if (!read) break
    isOver = read.done === true
    if (!read.done) {
      pieces.push(read.value)
      size += read.value.length
    }
    try {
      if (!read.done) frames.push(read.value)
      else for (const said of decoder.end()) note(said)
    } catch {
      // What we cannot read may be of use to the caller all the same.
      break
    }
  }
  const isWhole = isOver && !isAnswer && events.at(-1)?.type === 'end'
  return {
    result: { ...result, body: again(result.body, pieces, bytes, failure) },
    choices: isWhole ? collect(events).choices : undefined,
  }
}

function again(
  body: StreamResult['body'],
  pieces: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  failure: { readonly error: unknown } | undefined,
): AsyncIterable<Uint8Array> {
  const stream: AsyncIterableIterator<Uint8Array> = {
    async next() {
      const value = pieces.shift()
      if (value) return { done: false, value }
      if (failure) throw failure.error
      return rest.next()
    },
    async return() {
      pieces.length = 0
      await rest.return?.()
      return done
    },
    [Symbol.asyncIterator]: () => stream,
  }
  return isTelling(body) ? Object.assign(stream, { [endings]: body[endings] }) : stream
}

/** Whether an event has part of an answer in it, which no refusal is. */
function speaking(): (event: StreamEvent) => boolean {
  const refusals = new Set<string>()
  return (event) => {
    if (event.type === 'part-delta') return event.delta !== '' && !refusals.has(`${event.choice} ${event.index}`)
    if (event.type !== 'part-start') return false
    const { part, choice, index } = event
    if (part.type === 'refusal') refusals.add(`${choice} ${index}`)
    return part.type !== 'refusal' && !(part.type === 'text' && part.text === '')
  }
}
