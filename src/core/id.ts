const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

let last = 0

/**
 * A name for a call: sortable by time, unique within a process and very likely across processes.
 * Not a secret, so no cryptography is spent on it.
 */
export function callId(): string {
  const now = Date.now()
  last = now > last ? now : last + 1
  let random = ''
  for (let i = 0; i < 8; i++) random += alphabet[(Math.random() * 36) | 0]
  return `call_${last.toString(36)}${random}`
}
