/** Runs a protocol's stream decoder over recorded bytes, cut wherever a test likes. */
import { isDeepStrictEqual } from 'node:util'
import type { StreamEvent } from '../../src/core/events.js'
import type { ChatProtocol, DecodeContext, WireEvent } from '../../src/protocols/protocol.js'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The bytes in pieces of `size`; 1 replays a stream one byte at a time. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const out: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) out.push(bytes.subarray(at, at + size))
  return out
}

export function decodeContext(over: Partial<DecodeContext> = {}): DecodeContext {
  return { model: 'asked-model', lose: () => {}, request: { messages: [] }, ...over }
}

/** Every event that the stream spells. @throws what the decoder throws, `stream_truncated` among it */
export function decodeStream(
  protocol: ChatProtocol,
  bytes: Uint8Array,
  options: { size?: number; context?: DecodeContext } = {},
): StreamEvent[] {
  const decoder = protocol.upstream.decodeStream(options.context ?? decodeContext())
  const events: StreamEvent[] = []
  const frames = protocol.framing.unframer((event) => events.push(...decoder.push(event)))
  for (const piece of pieces(bytes, options.size ?? bytes.length)) frames.push(piece)
  frames.end()
  events.push(...decoder.end())
  return events
}

/**
 * What comes of every prefix of a stream: its events, or the code of the error it ends in. A decoder sees no bytes, so that
 * only prefixes which spell something else are decoded anew.
 */
export function decodePrefixes(protocol: ChatProtocol, bytes: Uint8Array, context?: DecodeContext): (StreamEvent[] | string)[] {
  let spelt: Spelt | undefined
  let outcome: StreamEvent[] | string = []
  return Array.from({ length: bytes.length }, (_, length) => {
    const now = spell(protocol, bytes.subarray(0, length))
    if (!spelt || !isSame(now, spelt)) outcome = outcomeOf(() => decodeSpelt(protocol, now, context ?? decodeContext()))
    spelt = now
    return outcome
  })
}

/** What a framing makes of bytes, and what it fails with in the end. */
interface Spelt {
  readonly events: readonly WireEvent[]
  readonly failure?: unknown
}

function spell({ framing }: ChatProtocol, bytes: Uint8Array): Spelt {
  const events: WireEvent[] = []
  try {
    const frames = framing.unframer((event) => events.push(event))
    frames.push(bytes)
    frames.end()
    return { events }
  } catch (failure) {
    return { events, failure }
  }
}

function isSame(one: Spelt, other: Spelt): boolean {
  return one.events.length === other.events.length && isDeepStrictEqual(lastOf(one), lastOf(other))
}

const lastOf = ({ events, failure }: Spelt) => [events.at(-1), codeOf(failure)]

function decodeSpelt(protocol: ChatProtocol, { events, failure }: Spelt, context: DecodeContext): StreamEvent[] {
  const decoder = protocol.upstream.decodeStream(context)
  const decoded = events.flatMap((event) => [...decoder.push(event)])
  if (failure !== undefined) throw failure
  return [...decoded, ...decoder.end()]
}

function outcomeOf(decode: () => StreamEvent[]): StreamEvent[] | string {
  try {
    return decode()
  } catch (error) {
    return codeOf(error)
  }
}

const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? String(error)
