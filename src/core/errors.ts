import type { Attempt } from './call.js'

/**
 * Every way in which a call can fail. The list is complete, so a program can switch over it.
 * The status is what an HTTP caller sees if the vendor gave none.
 */
export const errorStatus = {
  // the caller's own request
  invalid_request: 400,
  invalid_config: 400,
  unknown_model: 400,
  unsupported: 400,
  translation_loss: 400,
  context_window_exceeded: 400,
  content_filtered: 400,
  missing_dependency: 500,
  missing_key: 401,
  authentication_failed: 401,
  budget_exceeded: 402,
  permission_denied: 403,
  policy_blocked: 403,
  model_not_allowed: 403,
  not_found: 404,
  request_too_large: 413,
  // the way there and back
  rate_limited: 429,
  aborted: 499,
  upstream_error: 502,
  upstream_malformed: 502,
  stream_truncated: 502,
  network_error: 502,
  all_targets_failed: 502,
  circuit_open: 503,
  overloaded: 503,
  timeout: 504,
  deadline_exceeded: 504,
} as const

export type ErrorCode = keyof typeof errorStatus

/** The vendor's refusal, kept whole so that a caller in the same protocol gets it back unchanged. */
export interface UpstreamFailure {
  readonly protocol: string
  readonly status: number
  /** The reason phrase of HTTP/1.1. */
  readonly statusText?: string
  readonly headers: Headers
  /** The body as it came. */
  readonly text: string
}

export interface LeashErrorOptions {
  /** The HTTP status that the caller gets. @defaultValue that of the code */
  readonly status?: number | undefined
  readonly cause?: unknown
  /** Whether the same request may succeed if it is sent again. @defaultValue false */
  readonly retryable?: boolean | undefined
  /** How long the vendor asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** The member of the request at fault, as the vendor names it. */
  readonly param?: string | undefined
  readonly upstream?: UpstreamFailure | undefined
  /** Response headers for a caller over HTTP. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const brand = Symbol.for('leashllm.error')

/**
 * The only error class. `message` starts with the code and says what to do next. It never contains a key or the text of a
 * prompt.
 */
export class LeashError extends Error {
  override readonly name = 'LeashError'
  readonly code: ErrorCode
  readonly status: number
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly param: string | undefined
  readonly upstream: UpstreamFailure | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  /** The attempts of the call that ended in this error, filled in when the call ends. */
  attempts: readonly Attempt[] = []

  constructor(code: ErrorCode, message: string, options: LeashErrorOptions = {}) {
    super(`[${code}] ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? errorStatus[code]
    this.retryable = options.retryable ?? false
    this.retryAfterMs = options.retryAfterMs
    this.param = options.param
    this.upstream = options.upstream
    this.headers = options.headers
    // Kept out of logs that print every member: those that hold nothing, and an upstream's answer, for it can quote the prompt.
    for (const [name, value] of Object.entries(this))
      if (value === undefined || name === 'upstream') Object.defineProperty(this, name, { enumerable: false })
  }

  get [brand](): true {
    return true
  }

  /** The message without the code in front. */
  get detail(): string {
    return this.message.slice(this.code.length + 3)
  }
}

/** Also true for an error from another copy of this package. */
export function isLeashError(error: unknown): error is LeashError {
  return typeof error === 'object' && error !== null && brand in error
}

/**
 * A failure as `fetch` would throw it. SDKs tell an abort and a dead connection from other errors by what the platform
 * throws, so those two go out as they came in.
 */
export function thrown(error: LeashError): unknown {
  return (error.code === 'aborted' || error.code === 'network_error') && error.cause !== undefined ? error.cause : error
}

/** Of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
