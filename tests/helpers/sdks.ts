/** Vendors' own SDKs, each with how its users ask and stream. */
import Anthropic from '@anthropic-ai/sdk'
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime'
import { GoogleGenAI } from '@google/genai'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import OpenAI from 'openai'

export const prompt = 'The quick brown fox.'
export const asked = [{ role: 'user' as const, content: prompt }]

export interface Sdk {
  readonly name: string
  readonly make: (url: string) => object
  /** A model of the SDK's own vendor. */
  readonly own: string
  readonly ask: (client: object, model: string) => Promise<string | undefined>
  readonly stream: (client: object, model: string) => Promise<string>
}

const converse = (modelId: string) => ({ modelId, messages: [{ role: 'user' as const, content: [{ text: prompt }] }] })

/** The SDKs have no type in common: each takes its own client out of the hands that only pass it on. */
function sdk<C extends object>(
  name: string,
  own: string,
  make: (url: string) => C,
  ask: (client: C, model: string) => Promise<string | undefined>,
  stream: (client: C, model: string) => Promise<string>,
): Sdk {
  return {
    name,
    own,
    make,
    ask: (client, model) => ask(client as C, model),
    stream: (client, model) => stream(client as C, model),
  }
}

export const sdks: readonly Sdk[] = [
  sdk(
    'OpenAI',
    'gpt-4o-mini',
    (url) => new OpenAI({ apiKey: 'own', baseURL: `${url}/v1` }),
    async (client, model) => (await client.chat.completions.create({ model, messages: asked })).choices[0]?.message.content ?? '',
    async (client, model) => (await client.chat.completions.stream({ model, messages: asked }).finalContent()) ?? '',
  ),
  sdk(
    'Anthropic',
    'claude-haiku-4-5',
    (url) => new Anthropic({ apiKey: 'own', baseURL: url, logLevel: 'off' }),
    async (client, model) => {
      const { content } = await client.messages.create({ model, max_tokens: 99, messages: asked })
      return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')
    },
    (client, model) => client.messages.stream({ model, max_tokens: 99, messages: asked }).finalText(),
  ),
  sdk(
    'GoogleGenAI',
    'gemini-2.5-flash',
    (url) => new GoogleGenAI({ apiKey: 'own', httpOptions: { baseUrl: url } }),
    async (client, model) => (await client.models.generateContent({ model, contents: prompt })).text,
    async (client, model) => {
      let text = ''
      for await (const chunk of await client.models.generateContentStream({ model, contents: prompt })) text += chunk.text ?? ''
      return text
    },
  ),
  sdk(
    'BedrockRuntimeClient',
    'us.amazon.nova-lite-v1:0',
    (url) =>
      new BedrockRuntimeClient({
        region: 'us-east-1',
        endpoint: url,
        credentials: { accessKeyId: 'AKIDOWN', secretAccessKey: 'own' },
        requestHandler: new NodeHttpHandler(),
      }),
    async (client, model) =>
      (await client.send(new ConverseCommand(converse(model)))).output?.message?.content?.map(({ text }) => text).join(''),
    async (client, model) => {
      let text = ''
      const { stream = [] } = await client.send(new ConverseStreamCommand(converse(model)))
      for await (const { contentBlockDelta } of stream) text += contentBlockDelta?.delta?.text ?? ''
      return text
    },
  ),
]
