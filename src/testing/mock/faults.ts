import type { RecordedRequest } from './mock.js'

/** What goes wrong with one answer. Members combine: a slow answer can also be cut. An empty fault is an ordinary answer. */
export interface Fault {
  /** Refuses with this status, in the vendor's own words unless `body` is given. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown
  /** Seconds, or an HTTP date. Sent as `Retry-After`, and in the body where the vendor says it there. */
  readonly retryAfter?: number | string
  /** Milliseconds before the first byte of the answer. */
  readonly latencyMs?: number
  /** Milliseconds in front of each event of a stream but the first. */
  readonly chunkDelayMs?: number
  /** Cuts all that is written into pieces of so many bytes, wherever that falls. */
  readonly chunkBytes?: number
  /** Destroys the connection after so many events or bytes of the body. */
  readonly cutAfter?: { readonly events: number } | { readonly bytes: number }
  /** Resets the connection instead of answering. */
  readonly reset?: boolean
  /** Goes silent and keeps the connection: before the headers, after them, or after so many events. */
  readonly hang?: 'headers' | 'body' | { readonly afterEvents: number }
  /** Breaks the JSON of the answer, of one event in the middle, or the checksum of one AWS frame. */
  readonly malformed?: boolean
  /** Fails in the middle of a stream, as the protocol does it. An answer that is no stream is refused with the same failure. */
  readonly errorInStream?: StreamFault
  /** Ends a stream properly, but without the event that says so. */
  readonly endWithoutTerminal?: boolean
  /** Applies to every request that it is true for, rather than to the next in order. */
  readonly when?: (request: RecordedRequest) => boolean
  /** How many requests it applies to. @defaultValue 1, or no limit with `when` */
  readonly times?: number
}

export interface StreamFault {
  /** The status that the vendor would have refused with. @defaultValue 500 */
  readonly status?: number
  readonly message?: string
  /** The vendor's type of error, such as `overloaded_error` or `throttlingException`. */
  readonly type?: string
  readonly code?: string
  /** Events sent before it. @defaultValue half of those of the answer */
  readonly after?: number
}

/** The faults still to come. */
export class Script {
  #left: { fault: Fault; times: number }[] = []

  add(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.#left.push({ fault, times: fault.times ?? (fault.when ? Number.POSITIVE_INFINITY : 1) })
    }
  }

  /** The fault for this request: the first whose condition holds, else the next in order. */
  next(request: RecordedRequest): Fault {
    const entry = this.#left.find(({ fault }) => fault.when?.(request)) ?? this.#left.find(({ fault }) => !fault.when)
    if (!entry) return {}
    if (--entry.times <= 0) this.#left = this.#left.filter((other) => other !== entry)
    return entry.fault
  }

  clear(): void {
    this.#left = []
  }
}
