import { anthropicMessages } from './anthropic-messages/index.js'
import { bedrockConverse } from './bedrock-converse/index.js'
import { bedrockEmbeddings } from './bedrock-embeddings/index.js'
import { gemini } from './gemini/index.js'
import { geminiEmbeddings } from './gemini-embeddings/index.js'
import { openaiChat } from './openai-chat/index.js'
import { openaiEmbeddings } from './openai-embeddings/index.js'
import { openaiResponses } from './openai-responses/index.js'
import type { Protocol } from './protocol.js'

/** Every protocol by its name; the order is the one in which a request is tried on them. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [openaiChat, openaiResponses, openaiEmbeddings, anthropicMessages, gemini, geminiEmbeddings, bedrockConverse, bedrockEmbeddings].map(
    (protocol: Protocol) => [protocol.name, protocol],
  ),
)
