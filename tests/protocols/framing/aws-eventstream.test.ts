import { crc32 } from 'node:zlib'
import { EventStreamCodec } from '@smithy/core/event-streams'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awsEventStreamUnframer, frameAwsEvent } from '../../../src/protocols/framing/aws-eventstream.js'
import type { WireEvent } from '../../../src/protocols/protocol.js'
import { bytesOf, pieces } from '../../helpers/decode.js'

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => new TextEncoder().encode(text),
)

type Headers = Parameters<typeof codec.encode>[0]['headers']

const string = (value: string) => ({ type: 'string', value }) as const
const aws = (headers: Headers, body: string) => codec.encode({ headers, body: bytesOf(body) })
const awsEvent = (name: string, body: string) =>
  aws({ ':event-type': string(name), ':content-type': string('application/json'), ':message-type': string('event') }, body)

function read(bytes: Uint8Array, size = bytes.length): WireEvent[] {
  const events: WireEvent[] = []
  const frames = awsEventStreamUnframer((event) => events.push(event))
  for (const piece of pieces(bytes, size)) frames.push(piece)
  frames.end()
  return events
}

function failure(act: () => unknown): { code?: string; message?: string; retryable?: boolean } {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

describe('reading an AWS event stream', () => {
  const stream = joined(
    awsEvent('messageStart', '{"role":"assistant"}'),
    awsEvent('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"Grüße 👋"}}'),
    awsEvent('messageStop', '{"stopReason":"end_turn"}'),
  )
  const spelled = [
    { event: 'messageStart', data: '{"role":"assistant"}' },
    { event: 'contentBlockDelta', data: '{"contentBlockIndex":0,"delta":{"text":"Grüße 👋"}}' },
    { event: 'messageStop', data: '{"stopReason":"end_turn"}' },
  ]

  it("reads what AWS's own codec writes", () => {
    expect(read(stream)).toEqual(spelled)
  })

  it('reads the same events from pieces of any size', () => {
    for (let size = 1; size <= stream.length; size++) expect(read(stream, size)).toEqual(spelled)
  })

  it('delivers exactly the messages that are whole, wherever the bytes are cut', () => {
    const ends = spelled.map((_, index) =>
      spelled.slice(0, index + 1).reduce((sum, { event, data }) => sum + awsEvent(event, data).length, 0),
    )
    for (let length = 0; length <= stream.length; length++) {
      expect(read(stream.subarray(0, length))).toEqual(spelled.slice(0, ends.filter((end) => end <= length).length))
    }
  })

  it('delivers an event as soon as its last byte has come', () => {
    const events: WireEvent[] = []
    const frames = awsEventStreamUnframer((event) => events.push(event))
    const [first] = spelled
    const message = awsEvent('messageStart', '{"role":"assistant"}')
    frames.push(message.subarray(0, -1))
    expect(events).toEqual([])
    frames.push(message.subarray(-1))
    expect(events).toEqual([first])
  })

  it('reads bytes that are a window onto a larger buffer', () => {
    const larger = joined(new Uint8Array(7), stream, new Uint8Array(5))
    expect(read(larger.subarray(7, 7 + stream.length), 11)).toEqual(spelled)
  })

  it('steps over headers of every type', () => {
    const message = aws(
      {
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        byte: { type: 'byte', value: 1 },
        short: { type: 'short', value: 2 },
        int: { type: 'integer', value: 3 },
        binary: { type: 'binary', value: Uint8Array.of(1, 2, 3) },
        time: { type: 'timestamp', value: new Date(0) },
        uuid: { type: 'uuid', value: '0b2d2c2e-8d0a-4c4e-9a5c-2b8f0f6f1f11' },
        ':event-type': string('metadata'),
        ':message-type': string('event'),
      },
      '{}',
    )
    expect(read(message)).toEqual([{ event: 'metadata', data: '{}' }])
  })

  it('gives a modelled exception under its own name', () => {
    const message = aws(
      { ':exception-type': string('throttlingException'), ':message-type': string('exception') },
      '{"message":"slow"}',
    )
    expect(read(message)).toEqual([{ event: 'throttlingException', data: '{"message":"slow"}' }])
  })

  it('gives an unmodelled error as an event "error" with its code and message', () => {
    const message = aws(
      { ':error-code': string('InternalFailure'), ':error-message': string('oops'), ':message-type': string('error') },
      '',
    )
    expect(read(message)).toEqual([{ event: 'error', data: '{"code":"InternalFailure","message":"oops"}' }])
  })

  it('leaves the empty payload of an ordinary event empty', () => {
    expect(read(awsEvent('initial-response', ''))).toEqual([{ event: 'initial-response', data: '' }])
  })
})

describe('a damaged AWS event stream', () => {
  const message = awsEvent('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"hello"}}')

  it('fails with upstream_malformed when any single byte was changed', () => {
    for (let at = 0; at < message.length; at++) {
      const damaged = Uint8Array.from(message)
      damaged[at] = (damaged[at] as number) ^ 0x01
      expect(
        failure(() => read(damaged)),
        `byte ${at}`,
      ).toMatchObject({ code: 'upstream_malformed', retryable: true })
    }
  })

  it('notices a damaged length before it waits for bytes that never come', () => {
    const damaged = Uint8Array.from(message)
    damaged[0] = 0x7f
    expect(failure(() => read(damaged.subarray(0, 12)))).toMatchObject({ code: 'upstream_malformed' })
  })

  it('refuses a message longer than AWS allows, though its checksum is right', () => {
    expect(failure(() => read(prelude(64 * 1024 * 1024, 0))).message).toMatch(/claims 67108864 bytes/)
  })

  it('refuses a message shorter than its own frame', () => {
    expect(failure(() => read(prelude(15, 0))).message).toMatch(/claims 15 bytes/)
  })

  it('refuses headers longer than their message', () => {
    expect(failure(() => read(prelude(40, 30))).message).toMatch(/headers are longer/)
  })

  it.each([
    ['a name that runs past the end', [200, 65]],
    ['a name without a type', [1, 65]],
    ['a type nobody knows', [1, 65, 10]],
    ['a length cut in half', [1, 65, 7, 0]],
    ['a value shorter than it claims', [1, 65, 7, 0, 9, 66]],
    ['a number cut short', [1, 65, 5, 0, 0]],
  ])('refuses headers with %s', (_, headers) => {
    expect(failure(() => read(withRawHeaders(Uint8Array.from(headers))))).toMatchObject({ code: 'upstream_malformed' })
  })
})

describe('writing an AWS event stream', () => {
  it("writes what AWS's own codec reads", () => {
    const { headers, body } = codec.decode(frameAwsEvent({ event: 'metadata', data: '{"usage":{}}' }))
    expect(headers).toMatchObject({
      ':event-type': { value: 'metadata' },
      ':message-type': { value: 'event' },
      ':content-type': { value: 'application/json' },
    })
    expect(new TextDecoder().decode(body)).toBe('{"usage":{}}')
  })

  it('writes an exception as an exception message', () => {
    const { headers } = codec.decode(frameAwsEvent({ event: 'validationException', data: '{"message":"no"}' }))
    expect(headers).toMatchObject({
      ':exception-type': { value: 'validationException' },
      ':message-type': { value: 'exception' },
    })
  })

  it('reads back every event that it writes, in pieces of any size', () => {
    const event = fc.record({
      event: fc.constantFrom('contentBlockDelta', 'metadata', 'throttlingException', 'error'),
      data: fc.string({ unit: 'grapheme' }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (events, size) => {
        const sent = events.map(({ event, data }) =>
          event === 'error' ? { event, data: JSON.stringify({ code: 'Oops', message: data }) } : { event, data },
        )
        expect(read(joined(...sent.map(frameAwsEvent)), size)).toEqual(sent)
      }),
    )
  })
})

/** A whole message of any headers and claims, with right checksums: what a wrong server could send. */
function prelude(length: number, headersLength: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length)
  view.setUint32(4, headersLength)
  view.setUint32(8, crc32(bytes.subarray(0, 8)))
  return bytes
}

function withRawHeaders(headers: Uint8Array): Uint8Array {
  const body = joined(prelude(16 + headers.length, headers.length), headers)
  const checksum = new Uint8Array(4)
  new DataView(checksum.buffer).setUint32(0, crc32(body))
  return joined(body, checksum)
}
