/** The Vercel AI SDK on a leash: as its provider, around its models, and behind them. */
export type { LeashEmbeddingModel } from './ai-sdk/embedding-model.js'
export type { LeashLanguageModel } from './ai-sdk/language-model.js'
export { leashMiddleware } from './ai-sdk/middleware.js'
export type { LeashEmbeddingOptions, LeashProviderOptions } from './ai-sdk/options.js'
export { createLeashProvider, type LeashProvider, type LeashProviderSettings } from './ai-sdk/provider.js'
export { reportIn } from './ai-sdk/report.js'
export { type AiSdkProvider, type FromAiSdkOptions, fromAiSdk } from './ai-sdk/upstream.js'
