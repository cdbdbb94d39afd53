import { native as anthropicMessages } from './anthropic-messages/native.js'
import { native as bedrockConverse } from './bedrock-converse/native.js'
import { native as bedrockEmbeddings } from './bedrock-embeddings/native.js'
import { native as gemini } from './gemini/native.js'
import { native as geminiEmbeddings } from './gemini-embeddings/native.js'
import { native as openaiChat } from './openai-chat/native.js'
import { native as openaiEmbeddings } from './openai-embeddings/native.js'
import { native as openaiResponses } from './openai-responses/native.js'
import type { Protocol } from './protocol.js'

/** The order is the one in which a request is tried on them. */
const all: readonly Protocol[] = [
  { ...openaiChat, codec: async () => (await import('./openai-chat/index.js')).openaiChat },
  { ...openaiResponses, codec: async () => (await import('./openai-responses/index.js')).openaiResponses },
  { ...openaiEmbeddings, codec: async () => (await import('./openai-embeddings/index.js')).openaiEmbeddings },
  { ...anthropicMessages, codec: async () => (await import('./anthropic-messages/index.js')).anthropicMessages },
  { ...gemini, codec: async () => (await import('./gemini/index.js')).gemini },
  { ...geminiEmbeddings, codec: async () => (await import('./gemini-embeddings/index.js')).geminiEmbeddings },
  { ...bedrockConverse, codec: async () => (await import('./bedrock-converse/index.js')).bedrockConverse },
  { ...bedrockEmbeddings, codec: async () => (await import('./bedrock-embeddings/index.js')).bedrockEmbeddings },
]

/** Every protocol by its name. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(all.map((protocol) => [protocol.name, protocol]))
