import { LeashError } from '../../core/errors.js'

const seconds = (ms: number) => `${Math.max(1, Math.ceil(ms / 1000))} s`

export function isOpen(name: string, forMs: number): LeashError {
  // Its time is up, and others are trying it already.
  const retryAfterMs = Math.max(0, forMs)
  return new LeashError(
    'circuit_open',
    `"${name}" has failed too often, and is given ${seconds(forMs)} to recover. Send the call again then, or give it another target by \`fallback\`.`,
    { retryAfterMs },
  )
}

export function rests(name: string, retryAfterMs: number): LeashError {
  return new LeashError('circuit_open', `"${name}" has asked to be left alone for ${seconds(retryAfterMs)}.`, { retryAfterMs })
}

export function heldOpen(name: string): LeashError {
  return new LeashError('circuit_open', `"${name}" is held open by hand. Let go of it with leash.breaker(…, 'auto').`)
}
