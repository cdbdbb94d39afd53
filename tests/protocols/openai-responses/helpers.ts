import { readFileSync } from 'node:fs'
import type { Loss } from '../../../src/core/call.js'
import type { StreamEvent } from '../../../src/core/events.js'
import type { ChatRequest, ChatResponse, Message } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { frameSse } from '../../../src/protocols/framing/sse.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import type { ChatDownstream, ReportLoss, WireEvent } from '../../../src/protocols/protocol.js'
import { decodeContext } from '../../helpers/decode.js'

export const fixtures = {
  webSearch: 'openai-responses-stream-test-openai-responses-model-web-search-tool-stream-0',
  fileSearch: 'azure-chat-stream-openai-file-search-tool-1-chunks-0',
  error: 'openai-responses-stream-openai-error-1-chunks-0',
} as const

export function sse(name: string): string {
  const file = new URL(`../../fixtures/openai-responses/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).response.sse
}

/** A recorded stream up to the end of its last event, without what a server may send after it. */
export function upToEnd(name: string): string {
  return `${sse(name).split('data: [DONE]')[0]?.trimEnd()}\n\n`
}

/** The answer in the last event of a recorded stream. */
export function wholeAnswer(name: string): Record<string, unknown> {
  const last = upToEnd(name).trimEnd().split('\n\n').at(-1) ?? ''
  return JSON.parse(last.slice(last.indexOf('data: ') + 6)).response
}

export function losses(): { lose: ReportLoss; lost: Loss[] } {
  const lost: Loss[] = []
  return { lost, lose: (path, action, why) => lost.push({ path, action, why }) }
}

export const downstream = openaiResponses.downstream as ChatDownstream
export const upstream = openaiResponses.upstream

export const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })

/** What goes to the target, and what got lost. */
export function encode(request: Partial<ChatRequest>, traits: Traits = {}, model = 'gpt-5', stream = false) {
  const { lose, lost } = losses()
  const body = upstream.encodeRequest({ messages: [user('hi')], ...request }, { model, stream, traits, lose })
  return { body, lost, paths: lost.map(({ path }) => path) }
}

/** What a caller asked for, and what got lost. */
export function decode(body: Record<string, unknown>) {
  const { lose, lost } = losses()
  const request = downstream.decodeRequest(
    { model: 'm', input: 'hi', ...body } as Parameters<ChatDownstream['decodeRequest']>[0],
    lose,
  )
  return { request, lost, paths: lost.map(({ path }) => path) }
}

/** A whole answer of the vendor in neutral words. */
export function read(output: unknown[], over: Record<string, unknown> = {}) {
  const { lose, lost } = losses()
  const body = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5', status: 'completed', output, ...over }
  return { response: upstream.decodeResponse(body, decodeContext({ lose })), lost }
}

export function wire(events: Iterable<StreamEvent>, request: ChatRequest = { messages: [] }): WireEvent[] {
  const encoder = downstream.encodeStream(request)
  return [...events].flatMap((event) => encoder.push(event))
}

export const sseOf = (events: readonly WireEvent[]): string => events.map(frameSse).join('')

/** An answer as its vendor streams it: `[type, members]` each. */
export function streamOf(events: readonly (readonly [string, Record<string, unknown>])[]): string {
  return sseOf(
    events.map(([type, members], at) => ({ event: type, data: JSON.stringify({ type, sequence_number: at, ...members }) })),
  )
}

export function answer(content: ChatResponse['choices'][number]['content'], over: Partial<ChatResponse> = {}): ChatResponse {
  const finishReason = content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
  return { id: 'resp_1', model: 'm', created: 1, choices: [{ content, finishReason }], ...over }
}
