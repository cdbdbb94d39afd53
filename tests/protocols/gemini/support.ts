import { readdirSync, readFileSync } from 'node:fs'
import type { Loss } from '../../../src/core/call.js'
import { asObject, type JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, Message } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import type { ReportLoss } from '../../../src/protocols/protocol.js'

const folder = new URL('../../fixtures/gemini/', import.meta.url)

export interface Recording {
  readonly file: string
  readonly request: { readonly url: string; readonly body: JsonObject }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body?: JsonObject
    readonly sse?: string
  }
}

export const recordings: readonly Recording[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }))

/** The one recording whose name holds these words. */
export function recording(words: string): Recording {
  const found = recordings.filter(({ file }) => file.includes(words))
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} recordings are called "${words}"`)
  return found[0]
}

export function sseOf(words: string): string {
  const { sse } = recording(words).response
  if (sse === undefined) throw new Error(`"${words}" is no stream`)
  return sse
}

/** Events as Google writes them. */
export function sse(...chunks: readonly object[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join('')
}

export function collectLosses(): { losses: Loss[]; lose: ReportLoss } {
  const losses: Loss[] = []
  return { losses, lose: (path, action, why) => losses.push({ path, action, why }) }
}

export const brief = (losses: readonly Loss[]) => losses.map(({ path, action }) => `${action} ${path}`)

export interface Encoded {
  readonly body: JsonObject
  readonly losses: string[]
}

export function encode(request: ChatRequest, model = 'gemini-3-flash-preview', traits: Traits = {}): Encoded {
  const { losses, lose } = collectLosses()
  const body = gemini.upstream.encodeRequest(request, { model, stream: false, traits, lose })
  // What is sent is what JSON carries.
  return { body: JSON.parse(JSON.stringify(body)), losses: brief(losses) }
}

export function contentsOf(messages: readonly Message[], model?: string, traits?: Traits): unknown {
  return encode({ messages }, model, traits).body.contents
}

export function decode(body: JsonObject): { request: ChatRequest; losses: string[] } {
  const { losses, lose } = collectLosses()
  const { downstream } = gemini
  if (!downstream) throw new Error('no downstream')
  return { request: downstream.decodeRequest(body, lose), losses: brief(losses) }
}

export const say = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })

export function first(list: unknown): Record<string, unknown> {
  return asObject(Array.isArray(list) ? list[0] : undefined)
}
