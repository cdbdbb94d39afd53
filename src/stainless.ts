/**
 * What OpenAI's and Anthropic's clients have in common (Stainless generates both): `post` starts a request, a loop
 * inside retries and times it, `prepareRequest` is the last hook before `fetch`.
 *
 * A leashed call has one owner of retries and timeouts. For it, the client's own loop is made to run once and its timer
 * never to fire; what its user had asked for travels beside the request to the stack.
 */
import type { CallOptions, Timeouts } from './core/call.js'
import { defined } from './core/defined.js'
import { type Failed, failed } from './direct.js'
import { type Beside, beside } from './fetch.js'
import { isModelPath } from './recognise.js'

export interface StainlessOptions {
  maxRetries?: number
  timeout?: number
  signal?: AbortSignal | null | undefined
  body?: unknown
  middleware?: readonly unknown[]
  idempotencyKey?: string
  leash?: CallOptions
  [owned]?: Owned
  [failed]?: Failed
}

interface Owned {
  readonly leash: CallOptions
  readonly usual: Timeouts | undefined
  readonly timeout: number
  /** Whether the user, and not the client, set the timeout: the SDK tells the server only then. */
  readonly timeoutGiven: boolean
  readonly signal: AbortSignal | undefined
}

export const owned = Symbol('leashllm.owned')

/**
 * What the clients have by themselves, for they do not tell whether their numbers are their user's: these are taken for
 * nobody's, and so the leash's own hold. The layer `retry` has as many tries.
 */
const usual = { attemptMs: 600_000 }
const usualRetries = 2

/** The longest that a timer can be set to. */
const never = 2 ** 31 - 1

/** Whether a POST to this path of the client's API is a call to a model. */
export function isLeashed(path: string): boolean {
  const query = path.indexOf('?')
  return isModelPath(query === -1 ? path : path.slice(0, query))
}

/** The options of a request, its retries and timeout taken over. */
export function takeOver<O extends StainlessOptions>(
  options: O,
  client: { readonly maxRetries: number; readonly timeout: number },
): O {
  const { timeout = client.timeout, maxRetries = client.maxRetries, idempotencyKey, leash, signal } = options
  // What the SDK would refuse, it is to refuse itself, in its own words.
  if (!isCount(timeout) || !isCount(maxRetries)) return options
  // Anthropic's client names its usual timeout with each request.
  const askedTime = timeout !== usual.attemptMs
  return {
    ...options,
    maxRetries: 0,
    timeout: never,
    [owned]: {
      leash: {
        ...((options.maxRetries !== undefined || maxRetries !== usualRetries) && { maxRetries }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        ...defined(leash),
        ...(askedTime && { timeouts: defined<Timeouts>({ attemptMs: timeout }, leash?.timeouts) }),
      },
      usual: askedTime ? undefined : usual,
      timeout,
      timeoutGiven: options.timeout !== undefined,
      signal: signal ?? undefined,
    },
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0
}

/** Hangs what was taken over on the request, and undoes its traces in the headers. */
export function hangBeside(
  request: RequestInit,
  options: StainlessOptions,
  where: Pick<Beside, 'provider' | 'ready' | 'renew'>,
): void {
  const own = options[owned]
  if (!own) return
  const { leash, usual, signal } = own
  const { body, [failed]: before } = options
  request[beside] = {
    ...where,
    options: leash,
    body,
    ...(usual && { usual }),
    ...(signal && { signal }),
    ...(before && { outcome: before.outcome }),
  }
  if (request.headers instanceof Headers) tellTimeout(request.headers, options)
}

/** The timeout that the SDK tells the server: its user's, or none, and never the one that we set in its place. */
export function tellTimeout(headers: Headers, options: StainlessOptions): void {
  const own = options[owned]
  if (!own || headers.get('x-stainless-timeout') !== String(Math.trunc(never / 1000))) return
  if (own.timeoutGiven) headers.set('x-stainless-timeout', String(Math.trunc(own.timeout / 1000)))
  else headers.delete('x-stainless-timeout')
}
