/** Recorded traffic of vendors, as the AI SDK's own providers read it, and as we do. */
import { readdirSync, readFileSync } from 'node:fs'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { JsonObject } from '../../../src/core/json.js'
import { fromAiSdk } from '../../../src/integrations/ai-sdk.js'
import { aiSdk } from '../../../src/protocols/ai-sdk/index.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import type { ChatProtocol } from '../../../src/protocols/protocol.js'

type Fetch = typeof fetch

const settings = (fetch: Fetch) => ({ apiKey: 'mock', fetch })

interface Read {
  readonly protocol: ChatProtocol
  /** Which recordings are of the vendor itself: others stretch its protocol. */
  readonly files: RegExp
  model(fetch: Fetch): LanguageModelV4
}

const readers: readonly Read[] = [
  { protocol: anthropicMessages, files: /./, model: (fetch) => createAnthropic(settings(fetch))('claude-sonnet-4-5') },
  { protocol: gemini, files: /^gemini/, model: (fetch) => createGoogleGenerativeAI(settings(fetch))('gemini-2.5-pro') },
  { protocol: openaiChat, files: /^(?:openai|azure)-chat-/, model: (fetch) => createOpenAI(settings(fetch)).chat('gpt-4.1') },
  { protocol: openaiResponses, files: /./, model: (fetch) => createOpenAI(settings(fetch)).responses('gpt-5') },
]

export interface Recording {
  readonly name: string
  readonly protocol: ChatProtocol
  readonly status: number
  readonly sse?: string
  readonly body?: unknown
  /** What the AI SDK's own provider makes of it, on our wire. */
  theirs(): Promise<Response>
}

const folder = new URL('../../fixtures/', import.meta.url)

function recordingsOf({ protocol, files, model }: Read): Recording[] {
  return readdirSync(new URL(`${protocol.name}/`, folder))
    .filter((file) => file.endsWith('.json') && files.test(file))
    .map((file) => {
      const { response } = JSON.parse(readFileSync(new URL(`${protocol.name}/${file}`, folder), 'utf8'))
      const { status, sse, body } = response
      const answered: Fetch = async () =>
        sse === undefined
          ? Response.json(body, { status })
          : new Response(sse, { status, headers: { 'content-type': 'text/event-stream' } })
      return { name: file, protocol, status, sse, body, theirs: () => ask(model(answered), sse !== undefined) }
    })
}

const asked: JsonObject = { prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] }

async function ask(model: LanguageModelV4, stream: boolean, body = asked): Promise<Response> {
  const request = { protocol: aiSdk.name, model: 'any', stream, body, headers: {} }
  const { transport, url } = await fromAiSdk(model).prepare(request)
  if (!transport) throw new Error('It has a transport of its own.')
  return transport(url, { method: 'POST' })
}

export const recordings = readers.flatMap(recordingsOf)
export const streams = recordings.filter(({ sse, status }) => sse !== undefined && status < 400)
export const wholes = recordings.filter(({ sse, body, status }) => sse === undefined && body !== undefined && status < 400)

export interface RecordedRequest {
  readonly name: string
  readonly protocol: ChatProtocol
  readonly body: JsonObject
  /** What the AI SDK's own provider sends of our request. */
  forward(request: JsonObject): Promise<JsonObject>
}

export const requests = readers.flatMap(({ protocol, files, model }): RecordedRequest[] =>
  readdirSync(new URL(`${protocol.name}/`, folder))
    .filter((file) => file.endsWith('.json') && files.test(file))
    .flatMap((file) => {
      const { request } = JSON.parse(readFileSync(new URL(`${protocol.name}/${file}`, folder), 'utf8'))
      if (!request?.body) return []
      return [{ name: file, protocol, body: request.body, forward: (body) => sentBy(model, body) }]
    }),
)

async function sentBy(model: Read['model'], body: JsonObject): Promise<JsonObject> {
  let sent = ''
  const refusing: Fetch = async (_, init) => {
    sent = String(init?.body)
    return Response.json({ error: { message: 'Seen.' } }, { status: 400 })
  }
  await ask(model(refusing), false, body).catch(() => {})
  return JSON.parse(sent)
}
