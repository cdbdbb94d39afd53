/** Runs a protocol's stream decoder over recorded bytes, cut wherever a test likes. */
import type { StreamEvent } from '../../src/core/events.js'
import type { ChatProtocol, DecodeContext } from '../../src/protocols/protocol.js'

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

/** What comes of every prefix of a stream: its events, or the code of the error it ends in. */
export function decodePrefixes(protocol: ChatProtocol, bytes: Uint8Array, context?: DecodeContext): (StreamEvent[] | string)[] {
  return Array.from({ length: bytes.length }, (_, length) => {
    try {
      return decodeStream(protocol, bytes.subarray(0, length), context ? { context } : {})
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  })
}
