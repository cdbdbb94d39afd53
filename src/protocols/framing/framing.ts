import type { WireEvent } from '../protocol.js'
import { awsEventStreamUnframer, frameAwsEvent } from './aws-eventstream.js'
import { frameSse, sseUnframer } from './sse.js'

/** Takes bytes cut anywhere and tells of each whole event. */
export interface Unframer {
  push(bytes: Uint8Array): void
  /** The bytes have ended; what is left over was cut. */
  end(): void
}

export type Framing = 'sse' | 'aws-eventstream'

export function unframer(framing: Framing, onEvent: (event: WireEvent) => void): Unframer {
  return framing === 'sse' ? sseUnframer(onEvent) : awsEventStreamUnframer(onEvent)
}

const encoder = new TextEncoder()

export function frame(framing: Framing, event: WireEvent): Uint8Array {
  return framing === 'sse' ? encoder.encode(frameSse(event)) : frameAwsEvent(event)
}

export const streamContentType: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  'aws-eventstream': 'application/vnd.amazon.eventstream',
}
