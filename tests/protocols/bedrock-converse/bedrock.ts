/** What the tests of this protocol share: models, encoding with its losses, streams as bytes, and AWS's SDK as a judge. */
import { readdirSync, readFileSync } from 'node:fs'
import { BedrockRuntimeClient, ConverseCommand, type ConverseCommandInput } from '@aws-sdk/client-bedrock-runtime'
import type { Loss } from '../../../src/core/call.js'
import type { StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, ChatResponse, Message } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'
import { traitsOf } from '../../../src/protocols/bedrock-converse/models.js'
import { frameAwsEvent } from '../../../src/protocols/framing/aws-eventstream.js'
import { decodeContext, decodeStream } from '../../helpers/decode.js'

export const models = {
  claude37: 'us.anthropic.claude-3-7-sonnet-20250219-v1:0',
  claude45: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  claude46: 'us.anthropic.claude-opus-4-6-v1',
  claude48: 'global.anthropic.claude-opus-4-8',
  nova: 'us.amazon.nova-pro-v1:0',
  nova2: 'us.amazon.nova-2-lite-v1:0',
  llama: 'us.meta.llama3-3-70b-instruct-v1:0',
  mistral: 'mistral.mistral-large-2407-v1:0',
  gptOss: 'openai.gpt-oss-120b-1:0',
  profile: 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56',
}

type Body = {
  system?: JsonObject[]
  messages: { role: string; content: Record<string, unknown>[] }[]
  [member: string]: unknown
}

export function encode(
  request: Partial<ChatRequest>,
  model: string = models.claude45,
  traits: Traits = traitsOf(model),
): { body: Body; losses: Loss[]; lost: string[] } {
  const losses: Loss[] = []
  const body = bedrockConverse.upstream.encodeRequest(
    { messages: [user('Hello')], ...request },
    { model, stream: false, traits, lose: (path, action, why) => losses.push({ path, action, why }) },
  )
  return { body: body as Body, losses, lost: losses.map(({ path, action }) => `${action} ${path}`) }
}

export const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })
export const assistant = (...content: Extract<Message, { role: 'assistant' }>['content']): Message => ({
  role: 'assistant',
  content,
})
export const results = (...content: Extract<Message, { role: 'tool' }>['content']): Message => ({ role: 'tool', content })

export function decode(body: unknown, model: string = models.claude45): { response: ChatResponse; losses: Loss[] } {
  const losses: Loss[] = []
  const context = decodeContext({ model, lose: (path, action, why) => losses.push({ path, action, why }) })
  return { response: bedrockConverse.upstream.decodeResponse(body, context), losses }
}

/** A whole answer of these blocks. */
export const answer = (content: unknown[], more: object = {}) => ({
  output: { message: { role: 'assistant', content } },
  stopReason: 'end_turn',
  usage: { inputTokens: 3, outputTokens: 5, totalTokens: 8 },
  ...more,
})

/** The bytes of a stream; each event is its name and payload. */
export function stream(...events: [name: string, payload: unknown][]): Uint8Array {
  return new Uint8Array(Buffer.concat(events.map(([event, payload]) => frameAwsEvent({ event, data: JSON.stringify(payload) }))))
}

export const delta = (contentBlockIndex: number, delta: unknown): [string, unknown] => [
  'contentBlockDelta',
  { contentBlockIndex, delta },
]
export const close = (contentBlockIndex: number): [string, unknown] => ['contentBlockStop', { contentBlockIndex }]
export const startCall = (contentBlockIndex: number, toolUseId: string, name: string, more: object = {}): [string, unknown] => [
  'contentBlockStart',
  { contentBlockIndex, start: { toolUse: { toolUseId, name, ...more } } },
]
export const begin: [string, unknown] = ['messageStart', { role: 'assistant' }]
export const stop = (stopReason: string, more: object = {}): [string, unknown] => ['messageStop', { stopReason, ...more }]
export const usage: [string, unknown] = [
  'metadata',
  { usage: { inputTokens: 3, outputTokens: 5, totalTokens: 8 }, metrics: { latencyMs: 1 } },
]

export function events(bytes: Uint8Array, model: string = models.claude45): StreamEvent[] {
  return decodeStream(bedrockConverse, bytes, { context: decodeContext({ model }) })
}

/** What is left of a body when AWS's own SDK has read and written it: members that AWS does not know are gone. */
export async function asAwsSends(body: JsonObject): Promise<unknown> {
  let sent: unknown
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    requestHandler: {
      async handle(request: { body: string | Uint8Array }) {
        sent = JSON.parse(typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body))
        return { response: { statusCode: 200, headers: {}, body: new Response('{}').body } }
      },
    },
  })
  await client.send(new ConverseCommand({ modelId: 'm', ...(withBytes(body) as Omit<ConverseCommandInput, 'modelId'>) }))
  return sent
}

function withBytes(value: unknown, name = ''): unknown {
  if (typeof value === 'string')
    return name === 'bytes' || name === 'redactedContent' ? new Uint8Array(Buffer.from(value, 'base64')) : value
  if (Array.isArray(value)) return value.map((item) => withBytes(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, withBytes(inner, member)]))
}

export interface Cassette {
  readonly file: string
  readonly request: { readonly url: string; readonly body: JsonObject }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body?: unknown
    readonly body_base64?: string
  }
}

const folder = new URL('../../fixtures/bedrock-converse/', import.meta.url)

export function cassettes(): Cassette[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }))
}

export function cassette(part: string): Cassette {
  const found = cassettes().find(({ file }) => file.includes(part))
  if (!found) throw new Error(`no cassette ${part}`)
  return found
}

export const bytesIn = ({ response }: Cassette): Uint8Array => new Uint8Array(Buffer.from(response.body_base64 ?? '', 'base64'))
