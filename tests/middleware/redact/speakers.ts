/** A model that says what it is told to, in every protocol, whole and streamed. */

import { collect, type StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import { asObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatRequest, ChatResponse } from '../../../src/core/message.js'
import { protocolNamed } from '../../../src/protocols/index.js'
import type { Protocol, WireEvent } from '../../../src/protocols/protocol.js'

export const chatProtocols = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'ai-sdk',
] as const

/** What is said, in the pieces in which it is streamed. */
export interface Said {
  readonly kind: 'text' | 'reasoning' | 'arguments'
  readonly pieces: readonly string[]
}

export interface Speaker {
  readonly protocol: Protocol & { readonly kind: 'chat' }
  request(request: ChatRequest): JsonObject
  whole(said: readonly Said[]): unknown
  stream(said: readonly Said[]): WireEvent[]
  /** What a caller reads of it. */
  heard(answer: unknown): AssistantPart[]
  heardStream(events: readonly WireEvent[]): AssistantPart[]
}

const models: Readonly<Record<string, string>> = { 'bedrock-converse': 'amazon.nova-lite-v1:0' }
const asked: ChatRequest = { messages: [{ role: 'user', content: [{ type: 'text', text: 'Speak.' }] }] }

export async function speakerOf(name: string): Promise<Speaker> {
  const protocol = await protocolNamed(name)
  if (protocol?.kind !== 'chat') throw new Error(`There is no protocol "${name}".`)
  const { upstream, downstream } = await protocol.codec()
  const model = models[name] ?? 'model'
  const context = { model, lose: () => {}, request: asked }
  const partsOf = (answer: ChatResponse) => [...(answer.choices[0]?.content ?? [])]
  return {
    protocol,
    request: (request) => upstream.encodeRequest(request, { model, stream: false, traits: {}, lose: () => {} }),
    whole(said) {
      const events = eventsOf(said, model)
      return downstream ? downstream.encodeResponse(collect(events), asked) : bedrockAnswer(said)
    },
    stream(said) {
      const encoder = downstream?.encodeStream(asked)
      return encoder ? eventsOf(said, model).flatMap((event) => encoder.push(event)) : bedrockStream(said)
    },
    heard: (answer) => partsOf(upstream.decodeResponse(answer, context)),
    heardStream(events) {
      const decoder = upstream.decodeStream(context)
      return partsOf(collect([...events.flatMap((event) => decoder.push(event)), ...decoder.end()]))
    },
  }
}

function eventsOf(said: readonly Said[], model: string): StreamEvent[] {
  const events: StreamEvent[] = [{ type: 'start', id: 'id_1', model }]
  for (const [index, { kind, pieces }] of said.entries()) {
    const part: AssistantPart =
      kind === 'arguments' ? { type: 'tool-call', id: `call_${index}`, name: 'look', arguments: '' } : { type: kind, text: '' }
    events.push({ type: 'part-start', choice: 0, index, part })
    for (const delta of pieces) events.push({ type: 'part-delta', choice: 0, index, delta })
    events.push({ type: 'part-end', choice: 0, index })
  }
  const called = said.some(({ kind }) => kind === 'arguments')
  events.push({ type: 'finish', choice: 0, reason: called ? 'tool-calls' : 'stop' }, { type: 'end' })
  return events
}

/** We never answer in Bedrock's words, and so have no encoder for them. */
function bedrockAnswer(said: readonly Said[]): JsonObject {
  const content = said.map(({ kind, pieces }, index): JsonObject => {
    const text = pieces.join('')
    if (kind === 'arguments')
      return { toolUse: { toolUseId: `call_${index}`, name: 'look', input: asObject(JSON.parse(text)) as JsonObject } }
    return kind === 'text' ? { text } : { reasoningContent: { reasoningText: { text } } }
  })
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1 },
  }
}

function bedrockStream(said: readonly Said[]): WireEvent[] {
  const event = (event: string, data: object): WireEvent => ({ event, data: JSON.stringify(data) })
  const blocks = said.flatMap(({ kind, pieces }, contentBlockIndex) => {
    const start = { toolUse: { toolUseId: `call_${contentBlockIndex}`, name: 'look' } }
    const delta = (piece: string) =>
      kind === 'arguments'
        ? { toolUse: { input: piece } }
        : kind === 'text'
          ? { text: piece }
          : { reasoningContent: { text: piece } }
    return [
      ...(kind === 'arguments' ? [event('contentBlockStart', { contentBlockIndex, start })] : []),
      ...pieces.map((piece) => event('contentBlockDelta', { contentBlockIndex, delta: delta(piece) })),
      event('contentBlockStop', { contentBlockIndex }),
    ]
  })
  return [
    event('messageStart', { role: 'assistant' }),
    ...blocks,
    event('messageStop', { stopReason: 'end_turn' }),
    event('metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }),
  ]
}
