import { createParser } from 'eventsource-parser'
import { LeashError } from '../../core/errors.js'
import type { WireEvent } from '../protocol.js'
import type { Framing, Unframer } from './framing.js'

/** The longest single event that is kept, in characters: an upstream that never ends a line must not fill the memory. */
const maxEventLength = 64 * 1024 * 1024

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from bytes cut anywhere. */
export function sseUnframer(onEvent: (event: WireEvent) => void): Unframer {
  const decoder = new TextDecoder()
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: ({ event, data }) => onEvent(event === undefined ? { data } : { event, data }),
    onError: (error) => {
      // Lines with unknown field names are to be ignored, says the specification.
      if (error.type === 'max-buffer-size-exceeded') {
        throw new LeashError('upstream_malformed', `The upstream sent a stream event longer than ${maxEventLength} characters.`, {
          retryable: true,
        })
      }
    },
  })
  return {
    push: (bytes) => parser.feed(decoder.decode(bytes, { stream: true })),
    end: () => {
      // An event without its blank line was cut, and is not delivered.
      parser.feed(decoder.decode())
    },
  }
}

export function frameSse({ event, data }: WireEvent): string {
  const lines = data.includes('\n') ? data.split('\n').join('\ndata: ') : data
  return event === undefined ? `data: ${lines}\n\n` : `event: ${event}\ndata: ${lines}\n\n`
}

const encoder = new TextEncoder()

export const sse: Framing = {
  contentType: 'text/event-stream; charset=utf-8',
  unframer: sseUnframer,
  frame: (event) => encoder.encode(frameSse(event)),
}
