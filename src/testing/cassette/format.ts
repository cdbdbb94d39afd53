/** A cassette as it is kept on disk. The format is stable: a reader of version 1 reads every file of version 1. */

export interface CassetteFile {
  readonly format: 'leash-cassette'
  readonly version: 1
  /** Sorted by path, then key; recordings of the same request stay in the order in which they were made. */
  readonly recordings: readonly Recording[]
}

export interface Recording {
  /** What a request is found by: a hash of its method, path, query and body. */
  readonly key: string
  readonly request: RecordedExchangeRequest
  readonly response: RecordedResponse
}

export interface RecordedExchangeRequest {
  readonly method: string
  /** Without secrets in its query. */
  readonly url: string
  /** Lower-case names; secrets are `***`. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON where it was JSON, else the text, else `{ "base64": … }`. Absent when there was none. */
  readonly body?: unknown
}

export interface RecordedResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds from the request to the headers. */
  readonly latencyMs: number
  readonly chunks: readonly RecordedChunk[]
  /** False when the body did not come to its end: the connection broke, or the caller stopped reading. */
  readonly complete: boolean
}

/** One piece of the body as it came. */
export interface RecordedChunk {
  /** Milliseconds since the piece before, or the headers. */
  readonly delayMs: number
  /** The bytes, where they are whole UTF-8. */
  readonly text?: string
  /** The bytes, where they are not. */
  readonly base64?: string
}

export function chunkOf(bytes: Uint8Array, delayMs: number): RecordedChunk {
  const text = asUtf8(bytes)
  return text === undefined ? { delayMs, base64: Buffer.from(bytes).toString('base64') } : { delayMs, text }
}

export function bytesOf({ text, base64 }: RecordedChunk): Uint8Array<ArrayBuffer> {
  return new Uint8Array(text === undefined ? Buffer.from(base64 ?? '', 'base64') : new TextEncoder().encode(text))
}

/** The bytes as text, if that text gives the same bytes back. */
export function asUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
