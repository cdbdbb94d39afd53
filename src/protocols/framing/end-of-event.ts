import type { Framing } from './framing.js'

const newline = 0x0a
const carriageReturn = 0x0d

/** Where the event ends that begins at `from`; -1 while it is not here in full. */
export function endOfEvent(framing: Framing, bytes: Uint8Array, from: number): number {
  if (from >= bytes.length) return -1
  if (framing.end) return framing.end(bytes, from)
  for (let at = bytes.indexOf(newline, from); at >= 0; at = bytes.indexOf(newline, at + 1)) {
    if (bytes[at + 1] === newline) return at + 2
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === newline) return at + 3
  }
  for (let at = bytes.indexOf(carriageReturn, from); at >= 0; at = bytes.indexOf(carriageReturn, at + 1))
    if (bytes[at + 1] === carriageReturn) return at + 2
  return -1
}
