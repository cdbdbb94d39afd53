/** OpenAI's client on a leash. Needs `openai` (6 or 7) installed; for everything else see `leashllm/leash`. */
export type { LeashRequestOptions } from './augment.js'
export { LeashLLM, LeashLLM as default, type LeashLLMOptions } from './client.js'
export type { Attempt, CallOptions, CostSoFar, Loss, Report, Timeouts } from './core/call.js'
export { type ErrorCode, isLeashError, LeashError } from './core/errors.js'
export type { Usage } from './core/usage.js'
export { reportOf } from './fetch.js'
export { createLeash, type Leash, type LeashOptions } from './open-leash.js'
export { type PromptValue, type PromptVariables, prompt } from './prompt.js'
