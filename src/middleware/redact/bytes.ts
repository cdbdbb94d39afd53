import type { Framing } from '../../protocols/framing/framing.js'

const newline = 0x0a
const carriageReturn = 0x0d
const backslash = 0x5c
/** `<`, `&`, `%`: what a placeholder may begin with. */
const beginnings = [0x3c, 0x26, 0x25]

/** Where the event ends that begins at `from`; -1 while it is not here in full. */
export function endOfEvent(framing: Framing, bytes: Uint8Array, from: number): number {
  if (from >= bytes.length) return -1
  if (framing.end) return framing.end(bytes, from)
  for (let at = bytes.indexOf(newline, from); at >= 0; at = bytes.indexOf(newline, at + 1)) {
    if (bytes[at + 1] === newline) return at + 2
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === newline) return at + 3
  }
  return -1
}

/** Whether a placeholder may begin in these bytes, or one of the signs that do may be escaped in them. */
export function mayConcern(bytes: Uint8Array): boolean {
  if (beginnings.some((code) => bytes.includes(code))) return true
  for (let at = bytes.indexOf(backslash); at >= 0; at = bytes.indexOf(backslash, at + 2)) {
    const next = bytes[at + 1]
    if (next === backslash || next === 0x75) return true
  }
  return false
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces
  if (pieces.length === 1 && first) return first
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
