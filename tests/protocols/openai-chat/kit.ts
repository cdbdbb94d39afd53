/** What the tests of this protocol share. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Loss } from '../../../src/core/call.js'
import type { StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, ChatResponse } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import type { ChatDownstream } from '../../../src/protocols/protocol.js'
import { bytesOf, decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'

export const { upstream } = openaiChat
export const downstream = openaiChat.downstream as ChatDownstream

export interface Recording {
  readonly file: string
  readonly request: { readonly method: string; readonly url: string; readonly body: JsonObject | null }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body?: unknown
    readonly sse?: string
  }
}

const folder = new URL('../../fixtures/openai-chat/', import.meta.url)

export const recordings: readonly Recording[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }))

export function recording(start: string): Recording {
  const found = recordings.find(({ file }) => file.startsWith(start))
  if (!found) throw new Error(`no recording starts with ${start}`)
  return found
}

/** The body that goes to a target, and what was lost on the way. */
export function encoded(request: ChatRequest, traits: Traits = {}, stream = false): { body: JsonObject; losses: Loss[] } {
  const losses: Loss[] = []
  const lose = (path: string, action: Loss['action'], why: string) => void losses.push({ path, action, why })
  return { body: upstream.encodeRequest(request, { model: 'm', stream, traits, lose }), losses }
}

export function decoded(body: JsonObject): { request: ChatRequest; losses: Loss[] } {
  const losses: Loss[] = []
  return { request: downstream.decodeRequest(body, (path, action, why) => void losses.push({ path, action, why })), losses }
}

/** The losses as `path action`, which is what tests care for. */
export const brief = (losses: readonly Loss[]): string[] => losses.map(({ path, action }) => `${path} ${action}`)

export function answer(body: unknown): ChatResponse {
  return upstream.decodeResponse(body, decodeContext())
}

/** A whole answer of one choice. */
export function completion(message: JsonObject, choice: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...choice }],
    ...more,
  }
}

/** A stream of chunks with these deltas, a finish, and `[DONE]`. */
export function sse(deltas: readonly JsonObject[], finish: string | null = 'stop', more: readonly JsonObject[] = []): string {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
  const chunks = [
    ...deltas.map((delta) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }] })),
    ...(finish === null ? [] : [{ ...head, choices: [{ index: 0, delta: {}, finish_reason: finish }] }]),
    ...more.map((chunk) => ({ ...head, ...chunk })),
  ]
  return `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
}

export function events(text: string, size?: number): StreamEvent[] {
  return decodeStream(openaiChat, bytesOf(text), size === undefined ? {} : { size })
}

export function prefixes(text: string): (StreamEvent[] | string)[] {
  return decodePrefixes(openaiChat, bytesOf(text))
}

/** The events as the caller of this protocol reads them: the payloads, without `[DONE]`. */
export function chunksOf(stream: readonly StreamEvent[], request: ChatRequest = { messages: [] }): JsonObject[] {
  const encoder = downstream.encodeStream(request)
  return stream
    .flatMap((event) => encoder.push(event))
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as JsonObject)
}

/** The stream as bytes, for the official client. */
export function sseOf(stream: readonly StreamEvent[], request: ChatRequest = { messages: [] }): string {
  const encoder = downstream.encodeStream(request)
  return stream
    .flatMap((event) => encoder.push(event))
    .map(({ data }) => `data: ${data}\n\n`)
    .join('')
}
