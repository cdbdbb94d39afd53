/** A span, as much of it as the ledger is made of. */

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

/** Spans of one request. More are refused, and their sender makes smaller batches. */
export const mostSpans = 10_000
