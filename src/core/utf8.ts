import { LeashError } from './errors.js'

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()
const ascii = /^[\0-\x7f]*$/

/** As many as it would be in UTF-8. */
export function bytesIn(text: string): number {
  return ascii.test(text) ? text.length : encoder.encode(text).length
}

/** @throws LeashError `invalid_request`: with marks in the place of what cannot be read, other words would be sent than were meant */
export function utf8(bytes: Uint8Array | undefined): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new LeashError('invalid_request', 'The body cannot be read: it is packed, or no UTF-8.', { cause })
  }
}
