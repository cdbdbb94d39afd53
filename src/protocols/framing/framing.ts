import type { WireEvent } from '../protocol.js'

/** Takes bytes cut anywhere and tells of each whole event. */
export interface Unframer {
  push(bytes: Uint8Array): void
  /** The bytes have ended; what is left over was cut. */
  end(): void
}

/** How the events of a stream lie in its bytes. */
export interface Framing {
  readonly contentType: string
  unframer(onEvent: (event: WireEvent) => void): Unframer
  frame(event: WireEvent): Uint8Array
  /** Where the event ends that begins at `from`; -1 while it is not here in full. Absent: where a line is empty. */
  end?(bytes: Uint8Array, from: number): number
}
