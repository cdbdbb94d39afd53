import type { Traits } from '../core/provider.js'

/**
 * Reasoning models that always sample by themselves and answer 400 to any value but the default. The other models from
 * GPT-5.1 on do so unless the call sets the effort to `none`: there OpenAI is left to say it.
 * https://platform.openai.com/docs/guides/latest-model#gpt-5-2-parameter-compatibility
 */
const samplesByItself = /^(?:ft:)?(?:o\d|gpt-6-astra|gpt-6\.1-sol|gpt-5(?:-mini|-nano|-pro|-codex)?(?:-\d{4}-\d{2}-\d{2})?$)/
const sampling = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'logprobs', 'top_logprobs', 'logit_bias']

/**
 * Conventions of other vendors for what OpenAI has no word for. They travel in histories that another provider has
 * begun, and OpenAI answers "Unknown parameter: 'messages[1].reasoning_details'". Not `reasoning`, which is a member of
 * every request to the Responses API.
 */
export const foreignMembers = ['reasoning_content', 'reasoning_details', 'extra_content', 'images', 'cache_control'] as const

/** They answer "Unrecognized request argument supplied: reasoning_effort". */
const doesNotReason = /^(?:ft:)?(?:gpt-3|gpt-4|chatgpt-|gpt-5(?:\.\d)?-chat)/

/**
 * "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40", and "The 'metadata' parameter is
 * only allowed when 'store' is enabled."
 */
const bounds: Traits = { longestCallId: 40, storedMetadata: true }

/** At OpenAI itself, or at Azure; another server under its name (`atHome` false) may well know the foreign members. */
export function openaiTraits(model: string, atHome = true): Traits {
  const refuses = [...(atHome ? foreignMembers : []), ...(samplesByItself.test(model) ? sampling : [])]
  return {
    // An assistant message may come last, but is answered, not continued.
    supportsPrefill: false,
    ...(refuses.length > 0 && { refuses }),
    ...(atHome && bounds),
    ...(doesNotReason.test(model) && { reasoningEffort: false }),
  }
}

/**
 * Models that say more, or anything at all, by the Responses API: Codex, Pro and deep research are only there, and from
 * GPT-5.6 on Chat Completions refuses tools beside reasoning.
 * https://platform.openai.com/docs/guides/migrate-to-responses
 */
export function prefersResponses(model: string): boolean {
  return /codex|-pro\b|deep-research|^computer-use|^gpt-5\.[6-9]|^gpt-[6-9]/.test(model)
}
