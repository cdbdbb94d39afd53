/** What the tests of this protocol share: recordings, and both directions with their losses. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Loss } from '../../../src/core/call.js'
import type { StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, Message } from '../../../src/core/message.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { frameSse } from '../../../src/protocols/framing/sse.js'
import type { ChatDownstream, EncodeContext, WireEvent } from '../../../src/protocols/protocol.js'
import { bytesOf } from '../../helpers/decode.js'

export const { upstream } = anthropicMessages
export const downstream = anthropicMessages.downstream as ChatDownstream

export interface Exchange {
  readonly name: string
  readonly features: readonly string[]
  readonly request: { readonly url: string; readonly body: JsonObject }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body?: JsonObject
    readonly sse?: string
  }
}

const folder = new URL('../../fixtures/anthropic-messages/', import.meta.url)

export const exchanges: readonly Exchange[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
    name: file.slice('anthropic-messages-'.length, -5),
  }))

export const streams = exchanges.flatMap(({ name, response }) =>
  response.sse === undefined ? [] : [{ name, sse: response.sse }],
)

export function exchange(part: string): Exchange {
  const found = exchanges.find(({ name }) => name.includes(part))
  if (!found) throw new Error(`no recording has "${part}" in its name`)
  return found
}

export function sse(part: string): string {
  return exchange(part).response.sse ?? ''
}

/** Losses as `action path`, so that a test reads. */
export class Losses {
  readonly all: Loss[] = []
  readonly lose = (path: string, action: Loss['action'], why: string) => {
    this.all.push({ path, action, why })
  }
  get list(): string[] {
    return this.all.map(({ path, action }) => `${action} ${path}`)
  }
}

export const hello: readonly Message[] = [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }]

export function encode(request: Partial<ChatRequest>, over: Partial<EncodeContext> = {}): { body: JsonObject; losses: string[] } {
  const losses = new Losses()
  const context = { model: 'claude-sonnet-4-5', stream: false, traits: {}, lose: losses.lose, ...over }
  return { body: upstream.encodeRequest({ messages: hello, ...request }, context), losses: losses.list }
}

export function decode(body: JsonObject): { request: ChatRequest; losses: string[] } {
  const losses = new Losses()
  const whole = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...body }
  return { request: downstream.decodeRequest(whole, losses.lose), losses: losses.list }
}

/** An assistant turn with one tool call, and its result, as neutral history. */
export function toolTurn(id: string, name = 'look', result = 'seen'): Message[] {
  return [
    { role: 'assistant', content: [{ type: 'tool-call', id, name, arguments: '{}' }] },
    { role: 'tool', content: [{ type: 'tool-result', id, name, content: [{ type: 'text', text: result }] }] },
  ]
}

/** Vendor events as the text of a stream. */
export function streamOf(...events: readonly JsonObject[]): string {
  return events.map((event) => frameSse({ event: String(event.type), data: JSON.stringify(event) })).join('')
}

export const started: JsonObject = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [],
    usage: { input_tokens: 3, output_tokens: 1 },
  },
}
export const stopped = (reason: string, more: JsonObject = {}): JsonObject[] => [
  { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null, ...more }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
]

export function encodeEvents(events: Iterable<StreamEvent>): WireEvent[] {
  const encoder = downstream.encodeStream({ messages: hello })
  return [...events].flatMap((event) => encoder.push(event))
}

export function bytesOfWire(wire: readonly WireEvent[]): Uint8Array {
  return bytesOf(wire.map(frameSse).join(''))
}
