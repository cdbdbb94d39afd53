/** A span, as much of it as the ledger is made of. */
import { LeashError } from '../../core/errors.js'

/** Numbers, texts and flags by their names; lists and objects are left out, since nobody asks for one. */
export type Attributes = ReadonlyMap<string, string | number | boolean>

export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  /** Empty for the first of a trace. */
  readonly parentId: string
  /** Milliseconds since 1970. */
  readonly startMs: number
  readonly endMs: number
  readonly failed: boolean
  readonly attributes: Attributes
  /** Of the program that it comes from. */
  readonly resource: Attributes
}

/** Of one request. */
const mostSpans = 10_000

/** @param before those that were read @throws LeashError `request_too_large`, and their sender makes smaller batches */
export function checkRoom(before: number): void {
  if (before >= mostSpans)
    throw new LeashError('request_too_large', `A request has at most ${mostSpans} spans. Send smaller batches.`)
}
