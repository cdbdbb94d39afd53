import { isLeashError, LeashError } from './errors.js'

/** Longer delays than a 32-bit integer fire at once. */
const longestMs = 2 ** 31 - 1

/** Waits, and stops waiting at once when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const done = () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    const timer = setTimeout(done, Math.min(ms, longestMs))
    function abort() {
      clearTimeout(timer)
      reject(abortError(signal))
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** The caller's own wish to stop, as an error; or what a layer stopped this part of the call with. */
export function abortError(signal?: AbortSignal): LeashError {
  if (isLeashError(signal?.reason)) return signal.reason
  return new LeashError('aborted', 'The caller aborted the call.', { cause: signal?.reason })
}

/** Milliseconds left until the deadline, at least 0; `Infinity` without one. */
export function timeLeft(deadline: number | undefined): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, deadline - Date.now())
}

export function deadlineError(): LeashError {
  return new LeashError('deadline_exceeded', 'The call timed out: its deadline has passed. Raise `deadlineMs`, or ask for less.')
}

/**
 * A controller of one part of a call, which fires with the call's own signal too. Let go of it when the part is over: a
 * signal that lives as long as the process must not collect a listener per call, as it does with `AbortSignal.any`.
 */
export class LinkedAbort {
  readonly controller = new AbortController()
  readonly #parent: AbortSignal | null | undefined
  readonly #told: (() => void) | undefined
  readonly #follow = () => this.abort(this.#parent?.reason)

  /** @param told in the same tick in which it fires */
  constructor(parent: AbortSignal | null | undefined, told?: () => void) {
    this.#parent = parent
    this.#told = told
    if (parent?.aborted) this.#follow()
    else parent?.addEventListener('abort', this.#follow, { once: true })
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  abort(reason: unknown): void {
    this.release()
    this.#told?.()
    this.controller.abort(reason)
  }

  release(): void {
    this.#parent?.removeEventListener('abort', this.#follow)
  }
}

/**
 * Calls `listener` once, when the caller wants to stop or the deadline passes. A signal that has fired already is not heard.
 *
 * @returns what to call when neither matters any more
 */
export function onStop(
  { signal, deadline }: { readonly signal?: AbortSignal | undefined; readonly deadline?: number | undefined },
  listener: (error: LeashError) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  const tell = (error: LeashError) => {
    stop()
    listener(error)
  }
  const abort = () => tell(abortError(signal))
  const arm = () => {
    const left = timeLeft(deadline)
    if (left > longestMs) timer = left === Number.POSITIVE_INFINITY ? undefined : setTimeout(arm, longestMs)
    // Not to be asked of the time then: timers go by another clock, and this one may have been set back.
    else timer = setTimeout(() => tell(deadlineError()), left)
  }
  signal?.addEventListener('abort', abort, { once: true })
  arm()
  return stop
}
