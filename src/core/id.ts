/** Not a secret, so no cryptography is spent on it. */
const origin = Math.floor(Math.random() * 36 ** 8)
  .toString(36)
  .padStart(8, '0')

let count = 0

/** A name for a call: unique within a process, and very likely across processes. */
export function callId(): string {
  return `call_${origin}${(count++).toString(36).padStart(6, '0')}`
}
