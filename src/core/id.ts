/**
 * Not a secret, so no cryptography is spent on it. Long, since a relay counts what has the same id once: of a million
 * processes a day, no two may have the same.
 */
const origin = half() + half()

let count = 0

/** A name for a call: unique within a process, and across processes as far as chance allows (82 bits). */
export function callId(): string {
  return `call_${origin}${(count++).toString(36).padStart(6, '0')}`
}

function half(): string {
  return Math.floor(Math.random() * 36 ** 8)
    .toString(36)
    .padStart(8, '0')
}
