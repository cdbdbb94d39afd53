/**
 * AWS event streams, `application/vnd.amazon.eventstream`: a message is
 * `total length (4) · headers length (4) · CRC of those (4) · headers · payload · CRC of all (4)`, big endian.
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { LeashError } from '../../core/errors.js'
import type { WireEvent } from '../protocol.js'
import type { Unframer } from './framing.js'

/** AWS's own limit for one message is 16 MiB. */
const maxMessageLength = 16 * 1024 * 1024 + 1024

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] as number)
  return (crc ^ 0xffffffff) >>> 0
}

const malformed = (why: string) =>
  new LeashError('upstream_malformed', `The upstream's AWS event stream is damaged: ${why}.`, { retryable: true })

/** An exception message becomes an event of that name, as a modelled event does. */
export function awsEventStreamUnframer(onEvent: (event: WireEvent) => void): Unframer {
  let held: Uint8Array = new Uint8Array(0)
  return {
    push(bytes) {
      held = held.length === 0 ? bytes : concat([held, bytes])
      while (held.length >= 12) {
        const view = new DataView(held.buffer, held.byteOffset, held.byteLength)
        const length = view.getUint32(0)
        if (length < 16 || length > maxMessageLength) throw malformed(`a message claims ${length} bytes`)
        if (crc32(held.subarray(0, 8)) !== view.getUint32(8)) throw malformed('the checksum of a prelude is wrong')
        if (held.length < length) return
        if (crc32(held.subarray(0, length - 4)) !== view.getUint32(length - 4))
          throw malformed('the checksum of a message is wrong')
        const headersEnd = 12 + view.getUint32(4)
        if (headersEnd > length - 4) throw malformed('the headers are longer than their message')
        const headers = readHeaders(held.subarray(12, headersEnd))
        const name = headers[':event-type'] ?? headers[':exception-type'] ?? headers[':error-code']
        const data = new TextDecoder().decode(held.subarray(headersEnd, length - 4))
        held = held.slice(length)
        onEvent(
          name === undefined
            ? { data }
            : { event: name, data: data || JSON.stringify({ message: headers[':error-message'] ?? '' }) },
        )
      }
    },
    end() {},
  }
}

function readHeaders(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = new TextDecoder()
  const headers: Record<string, string> = {}
  // Sizes of the fixed-length types: true, false, byte, short, integer, long, (bytes, string), timestamp, uuid.
  const sizes = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16]
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + view.getUint8(at)
    const name = text.decode(bytes.subarray(at + 1, nameEnd))
    const type = view.getUint8(nameEnd)
    const size = sizes[type]
    if (size === undefined) throw malformed(`a header has the unknown type ${type}`)
    const start = size < 0 ? nameEnd + 3 : nameEnd + 1
    const end = start + (size < 0 ? view.getUint16(nameEnd + 1) : size)
    if (end > bytes.length) throw malformed('a header runs past its end')
    if (type === 7) headers[name] = text.decode(bytes.subarray(start, end))
    at = end
  }
  return headers
}

/** An event as AWS would send it; a name that ends in `Exception` goes out as an exception message. */
export function frameAwsEvent({ event = 'chunk', data }: WireEvent): Uint8Array {
  const encoder = new TextEncoder()
  const exception = event.endsWith('Exception')
  const headers = concat(
    Object.entries({
      [exception ? ':exception-type' : ':event-type']: event,
      ':content-type': 'application/json',
      ':message-type': exception ? 'exception' : 'event',
    }).map(([name, value]) => {
      const key = encoder.encode(name)
      const text = encoder.encode(value)
      return concat([Uint8Array.of(key.length), key, Uint8Array.of(7, text.length >> 8, text.length & 0xff), text])
    }),
  )
  const payload = encoder.encode(data)
  const message = new Uint8Array(16 + headers.length + payload.length)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length)
  view.setUint32(4, headers.length)
  view.setUint32(8, crc32(message.subarray(0, 8)))
  message.set(headers, 12)
  message.set(payload, 12 + headers.length)
  view.setUint32(message.length - 4, crc32(message.subarray(0, message.length - 4)))
  return message
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
