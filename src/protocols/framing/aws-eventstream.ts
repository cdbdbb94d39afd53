/**
 * AWS event streams, `application/vnd.amazon.eventstream`: a message is
 * `total length (4) · headers length (4) · CRC of those (4) · headers · payload · CRC of all (4)`, big endian.
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { crc32 } from '../../core/crc32.js'
import { LeashError } from '../../core/errors.js'
import { asObject, asString, parseJson } from '../../core/json.js'
import type { WireEvent } from '../protocol.js'
import type { Framing, Unframer } from './framing.js'
import { joined } from './joined.js'

/** AWS's own limits for one message: 16 MiB of payload, 128 KiB of headers. */
const maxMessageLength = 16 * 1024 * 1024 + 128 * 1024 + 16
const preludeLength = 12
const shortestMessage = preludeLength + 4

const malformed = (why: string) =>
  new LeashError('upstream_malformed', `The upstream's AWS event stream is damaged: ${why}. Send the call again.`, {
    retryable: true,
  })

/**
 * An event and a modelled exception (`:message-type: exception`) become an event of their own name. An unmodelled error
 * (`:message-type: error`) becomes the event `error` with `{ code, message }`.
 */
export function awsEventStreamUnframer(onEvent: (event: WireEvent) => void): Unframer {
  // Pieces are joined once, when they make a whole: a long message that comes in many must not be copied for each.
  let pieces: Uint8Array[] = []
  let held = 0
  let wanted = preludeLength
  return {
    push(bytes) {
      if (bytes.length === 0) return
      pieces.push(bytes)
      held += bytes.length
      if (held < wanted) return
      let rest = joined(pieces)
      for (wanted = lengthOf(rest); rest.length >= wanted; wanted = lengthOf(rest)) {
        const message = rest.subarray(0, wanted)
        rest = rest.subarray(wanted)
        onEvent(readMessage(message))
      }
      pieces = rest.length > 0 ? [rest] : []
      held = rest.length
    },
    // A message that was cut is not delivered; whether the answer was whole is for the protocol to say.
    end() {},
  }
}

/** The length of the message that begins here; of its prelude, while that is not here in full. */
function lengthOf(bytes: Uint8Array): number {
  if (bytes.length < preludeLength) return preludeLength
  const prelude = viewOf(bytes)
  if (crc32(bytes.subarray(0, 8)) !== prelude.getUint32(8)) throw malformed('the checksum of a prelude is wrong')
  const length = prelude.getUint32(0)
  if (length < shortestMessage || length > maxMessageLength) throw malformed(`a message claims ${length} bytes`)
  if (prelude.getUint32(4) > length - shortestMessage) throw malformed('the headers are longer than their message')
  return length
}

function readMessage(message: Uint8Array): WireEvent {
  const view = viewOf(message)
  const end = message.length - 4
  if (crc32(message.subarray(0, end)) !== view.getUint32(end)) throw malformed('the checksum of a message is wrong')
  const payload = preludeLength + view.getUint32(4)
  const headers = readHeaders(message.subarray(preludeLength, payload))
  const data = new TextDecoder().decode(message.subarray(payload, end))
  if (headers[':message-type'] === 'error') {
    return {
      event: 'error',
      data: JSON.stringify({ code: headers[':error-code'] ?? '', message: headers[':error-message'] ?? '' }),
    }
  }
  const event = headers[':event-type'] ?? headers[':exception-type']
  return event === undefined ? { data } : { event, data }
}

/** Sizes of header values by type: true, false, byte, short, integer, long, bytes, string, timestamp, UUID; -1 is told in two bytes. */
const valueSizes = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16]
const stringType = 7

/** The headers that are strings; the others are stepped over. */
function readHeaders(bytes: Uint8Array): Record<string, string> {
  const view = viewOf(bytes)
  const text = new TextDecoder()
  const headers: Record<string, string> = {}
  const within = (end: number) => {
    if (end > bytes.length) throw malformed('a header runs past its end')
    return end
  }
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + view.getUint8(at)
    within(nameEnd + 1)
    const type = view.getUint8(nameEnd)
    const size = valueSizes[type]
    if (size === undefined) throw malformed(`a header has the unknown type ${type}`)
    const start = within(size < 0 ? nameEnd + 3 : nameEnd + 1)
    const end = within(start + (size < 0 ? view.getUint16(nameEnd + 1) : size))
    if (type === stringType) headers[text.decode(bytes.subarray(at + 1, nameEnd))] = text.decode(bytes.subarray(start, end))
    at = end
  }
  return headers
}

/** An event as AWS would send it: the reverse of the unframer, where a name that ends in `Exception` is an exception. */
export function frameAwsEvent({ event = 'chunk', data }: WireEvent): Uint8Array {
  if (event === 'error') {
    const { code, message } = asObject(parseJson(data))
    return frameMessage(
      {
        ':error-code': asString(code) ?? 'InternalServerError',
        ':error-message': asString(message) ?? '',
        ':message-type': 'error',
      },
      '',
    )
  }
  const exception = event.endsWith('Exception')
  return frameMessage(
    {
      [exception ? ':exception-type' : ':event-type']: event,
      ':content-type': 'application/json',
      ':message-type': exception ? 'exception' : 'event',
    },
    data,
  )
}

/** The longest string that a header may hold, in bytes: smithy reads the length as a signed number of two bytes. */
const maxHeaderValue = 0x7fff

function frameMessage(values: Readonly<Record<string, string>>, data: string): Uint8Array {
  const encoder = new TextEncoder()
  const headers = joined(
    Object.entries(values).map(([name, value]) => {
      const key = encoder.encode(name)
      const text = encoder.encode(value).subarray(0, maxHeaderValue)
      return joined([Uint8Array.of(key.length), key, Uint8Array.of(stringType, text.length >> 8, text.length & 0xff), text])
    }),
  )
  const payload = encoder.encode(data)
  const message = new Uint8Array(shortestMessage + headers.length + payload.length)
  const view = viewOf(message)
  view.setUint32(0, message.length)
  view.setUint32(4, headers.length)
  view.setUint32(8, crc32(message.subarray(0, 8)))
  message.set(headers, preludeLength)
  message.set(payload, preludeLength + headers.length)
  view.setUint32(message.length - 4, crc32(message.subarray(0, message.length - 4)))
  return message
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export const awsEventStream: Framing = {
  contentType: 'application/vnd.amazon.eventstream',
  unframer: awsEventStreamUnframer,
  frame: frameAwsEvent,
  end(bytes, from) {
    if (bytes.length - from < preludeLength) return -1
    const end = from + lengthOf(bytes.subarray(from))
    return end > bytes.length ? -1 : end
  },
}
