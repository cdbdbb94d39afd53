/** LangChain on a leash: a chat model and embeddings that reach every model. */
export type { Report } from '../core/call.js'
export { ChatLeash, type ChatLeashCallOptions, type ChatLeashFields } from './langchain/chat-model.js'
export { LeashEmbeddings, type LeashEmbeddingsFields } from './langchain/embeddings.js'
export { reportIn } from './langchain/report.js'
