/**
 * What becomes of each word of the vendors' own answers, and which of the numbers that they tell are counted. The tables are held to
 * the vendors' types: after an update of an SDK, the compiler asks for a row for each word that is new, and wants those away that
 * are gone.
 */
import { isDeepStrictEqual } from 'node:util'
import type Anthropic from '@anthropic-ai/sdk'
import type * as Bedrock from '@aws-sdk/client-bedrock-runtime'
import type * as Google from '@google/genai'
import type OpenAI from 'openai'
import type * as Responses from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/core/json.js'
import type { FinishReason } from '../../src/core/message.js'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { bedrockConverse } from '../../src/protocols/bedrock-converse/index.js'
import { gemini } from '../../src/protocols/gemini/index.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import type { ChatProtocol } from '../../src/protocols/protocol.js'
import { decodeContext } from '../helpers/decode.js'

type Rows<Word extends string, Row> = Readonly<Record<Word, Row>>
type MembersOf<T> = T extends T ? keyof T & string : never
/** A member of its kind alone, or undefined for what has no word elsewhere and is reported. */
type Part = Json | undefined

const unheard = <Word extends string>(...words: readonly Word[]) =>
  Object.fromEntries(words.map((word) => [word, undefined])) as unknown as Rows<Word, undefined>

const claude: Rows<Anthropic.Beta.BetaContentBlock['type'], Part> = {
  text: { text: 'Hi' },
  thinking: { thinking: 'Hm', signature: 'c2ln' },
  redacted_thinking: { data: 'ZGF0YQ==' },
  tool_use: { id: 't', name: 'f', input: {} },
  ...unheard(
    ...(['server_tool_use', 'web_search_tool_result', 'web_fetch_tool_result', 'advisor_tool_result'] as const),
    ...(['code_execution_tool_result', 'bash_code_execution_tool_result', 'tool_search_tool_result'] as const),
    ...(['text_editor_code_execution_tool_result', 'mcp_tool_use', 'mcp_tool_result', 'mcp_tool_listing'] as const),
    ...(['container_upload', 'compaction', 'fallback'] as const),
  ),
}

const responses: Rows<Responses.ResponseOutputItem['type'], Part> = {
  message: { content: [{ type: 'output_text', text: 'Hi' }] },
  function_call: { call_id: 'c', name: 'f', arguments: '{}' },
  custom_tool_call: { call_id: 'c', name: 'f', input: 'x' },
  reasoning: { summary: [{ type: 'summary_text', text: 'Hm' }] },
  ...unheard(
    ...(['function_call_output', 'custom_tool_call_output', 'file_search_call', 'computer_call'] as const),
    ...(['computer_call_output', 'web_search_call', 'tool_search_call', 'tool_search_output', 'additional_tools'] as const),
    ...(['compaction', 'image_generation_call', 'code_interpreter_call', 'local_shell_call', 'shell_call'] as const),
    ...(['local_shell_call_output', 'shell_call_output', 'apply_patch_call', 'apply_patch_call_output'] as const),
    ...(['mcp_list_tools', 'mcp_approval_request', 'mcp_approval_response', 'mcp_call', 'program', 'program_output'] as const),
  ),
}

const converse: Rows<Exclude<MembersOf<Bedrock.ContentBlock>, '$unknown'>, Part> = {
  text: 'Hi',
  image: { format: 'png', source: { bytes: 'aGk=' } },
  toolUse: { toolUseId: 't', name: 'f', input: {} },
  reasoningContent: { reasoningText: { text: 'Hm' } },
  citationsContent: { content: [{ text: 'Hi' }], citations: [] },
  ...unheard('document', 'audio', 'video', 'toolResult', 'guardContent'),
  ...unheard('cachePoint', 'searchResult', 'toolAddition', 'toolRemoval'),
}

const read = (protocol: ChatProtocol, body: JsonObject) => {
  const losses: string[] = []
  const answer = protocol.upstream.decodeResponse(body, decodeContext({ lose: (path) => losses.push(path) }))
  return { answer, losses }
}

function told(protocol: ChatProtocol, body: JsonObject) {
  const { answer, losses } = read(protocol, body)
  return { content: answer.choices[0]?.content ?? [], finishReason: answer.choices[0]?.finishReason, losses }
}

const kinds: readonly (readonly [ChatProtocol, Rows<string, Part>, (word: string, part: Json) => JsonObject])[] = [
  [anthropicMessages, claude, (type, part) => ({ content: [{ type, ...(part as JsonObject) }], stop_reason: 'end_turn' })],
  [openaiResponses, responses, (type, part) => ({ status: 'completed', output: [{ type, ...(part as JsonObject) }] })],
  [bedrockConverse, converse, (word, part) => ({ output: { message: { content: [{ [word]: part }] } }, stopReason: 'end_turn' })],
]

describe.each(kinds)('what an answer of $name holds', (protocol, table, bodyOf) => {
  test.each(Object.entries(table))('is told, or reported: %s', (word, part) => {
    const { content, losses } = told(protocol, bodyOf(word, part ?? {}))
    expect([content.length, losses.length > 0]).toEqual(part === undefined ? [0, true] : [1, false])
  })
})

/** With what makes another answer, or a loss that is reported. */
const telling = {
  ...{ id: 'resp_2', created_at: 2, model: 'n', service_tier: 'flex', status: 'incomplete' },
  output: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }],
  usage: { input_tokens: 1, output_tokens: 1 },
  input_transformations: [{ id: 'rs_1', type: 'reasoning', action: 'removed', reason: 'model_mismatch' }],
} satisfies JsonObject
/** What was asked, what only OpenAI keeps, and what is read with another member. */
const kept = [
  ...(['object', 'leash', 'output_text', 'error', 'incomplete_details', 'tool_usage', 'completed_at', 'metadata'] as const),
  ...(['background', 'access_programs', 'conversation', 'image', 'instructions', 'parallel_tool_calls', 'moderation'] as const),
  ...(['max_output_tokens', 'max_tool_calls', 'previous_response_id', 'prompt', 'prompt_cache_diagnostics'] as const),
  ...(['prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'reasoning', 'safety_identifier'] as const),
  ...(['temperature', 'text', 'tool_choice', 'tools', 'top_logprobs', 'top_p', 'truncation', 'user'] as const),
]
const members: Rows<MembersOf<Responses.Response>, Json> = {
  ...telling,
  ...(Object.fromEntries(kept.map((word) => [word, 'x'])) as Rows<(typeof kept)[number], Json>),
}

test.each(Object.entries(members))('`%s` of a response is told, or is one of those that are known to stay', (word, value) => {
  const around = { id: 'resp_1', created_at: 1, model: 'm', status: 'completed', output: [] }
  const same = isDeepStrictEqual(read(openaiResponses, { ...around, [word]: value }), read(openaiResponses, around))
  expect(same).toBe(!Object.hasOwn(telling, word))
})

const endings: Rows<NonNullable<Responses.Response.IncompleteDetails['reason']>, FinishReason> = {
  max_output_tokens: 'length',
  max_messages: 'length',
  steered: 'length',
  content_filter: 'content-filter',
}

test.each(Object.entries(endings))('a response that is incomplete by %s ends by %s', (reason, finishReason) => {
  const body = { status: 'incomplete', incomplete_details: { reason }, output: [] }
  expect(told(openaiResponses, body).finishReason).toBe(finishReason)
})

/** `counted`: another number makes another cost. `within`: it is part of another that is counted. `beside`: it is no count of tokens. */
type Count = readonly ['counted' | 'within' | 'beside', Json]
type Counts<T> = Rows<MembersOf<T>, Count>

const chatUsage: Counts<OpenAI.CompletionUsage> = {
  prompt_tokens: ['counted', 200],
  completion_tokens: ['counted', 99],
  total_tokens: ['within', 150],
  prompt_tokens_details: ['counted', { cached_tokens: 5 }],
  completion_tokens_details: ['counted', { reasoning_tokens: 5 }],
}
const chatInput: Counts<OpenAI.CompletionUsage.PromptTokensDetails> = {
  cached_tokens: ['counted', 5],
  cache_write_tokens: ['counted', 5],
  audio_tokens: ['counted', 5],
  image_tokens: ['within', 5],
  text_tokens: ['within', 5],
}
const chatOutput: Counts<OpenAI.CompletionUsage.CompletionTokensDetails> = {
  reasoning_tokens: ['counted', 5],
  audio_tokens: ['counted', 5],
  accepted_prediction_tokens: ['within', 5],
  rejected_prediction_tokens: ['within', 5],
  text_tokens: ['within', 5],
}
const responsesInput: Counts<Responses.ResponseUsage.InputTokensDetails> = {
  cached_tokens: ['counted', 5],
  cache_write_tokens: ['counted', 9],
  cache_write_tokens_details: ['counted', { ttl_12h_tokens: 5, ttl_30m_tokens: 2 }],
}
const claudeUsage: Counts<Anthropic.Beta.BetaUsage> = {
  input_tokens: ['counted', 200],
  output_tokens: ['counted', 99],
  cache_read_input_tokens: ['counted', 5],
  cache_creation_input_tokens: ['counted', 9],
  cache_creation: ['counted', { ephemeral_1h_input_tokens: 5, ephemeral_5m_input_tokens: 2 }],
  output_tokens_details: ['counted', { thinking_tokens: 5 }],
  iterations: ['counted', [{ type: 'compaction', input_tokens: 5, output_tokens: 1 }]],
  server_tool_use: ['beside', null],
  service_tier: ['beside', 'priority'],
  speed: ['beside', 'fast'],
  inference_geo: ['beside', 'us'],
  fallback_credit: ['beside', null],
}
const geminiUsage: Counts<Google.GenerateContentResponseUsageMetadata> = {
  promptTokenCount: ['counted', 200],
  candidatesTokenCount: ['counted', 99],
  thoughtsTokenCount: ['counted', 5],
  cachedContentTokenCount: ['counted', 5],
  toolUsePromptTokenCount: ['counted', 5],
  promptTokensDetails: ['counted', [{ modality: 'AUDIO', tokenCount: 5 }]],
  candidatesTokensDetails: ['counted', [{ modality: 'AUDIO', tokenCount: 5 }]],
  toolUsePromptTokensDetails: ['counted', [{ modality: 'AUDIO', tokenCount: 5 }]],
  cacheTokensDetails: ['within', [{ modality: 'TEXT', tokenCount: 5 }]],
  totalTokenCount: ['within', 150],
  initialPromptTokenCount: ['within', 50],
  trafficType: ['beside', 'ON_DEMAND'],
}
const bedrockUsage: Counts<Bedrock.TokenUsage> = {
  inputTokens: ['counted', 200],
  outputTokens: ['counted', 99],
  cacheReadInputTokens: ['counted', 5],
  cacheWriteInputTokens: ['counted', 9],
  cacheDetails: ['counted', [{ ttl: '1h', inputTokens: 5 }]],
  totalTokens: ['within', 150],
}

const chatBase = { prompt_tokens: 100, completion_tokens: 50 }
const responsesBase = { input_tokens: 100, output_tokens: 50 }
const cached = { cached_tokens: 1, cache_write_tokens: 8 }

const usages: readonly (readonly [ChatProtocol, Rows<string, Count>, (more: JsonObject) => JsonObject])[] = [
  [openaiChat, chatUsage, (more) => ({ usage: { ...chatBase, ...more } })],
  [openaiChat, chatInput, (more) => ({ usage: { ...chatBase, prompt_tokens_details: more } })],
  [openaiChat, chatOutput, (more) => ({ usage: { ...chatBase, completion_tokens_details: more } })],
  [openaiResponses, responsesInput, (more) => ({ usage: { ...responsesBase, input_tokens_details: { ...cached, ...more } } })],
  [
    anthropicMessages,
    claudeUsage,
    (more) => ({ usage: { input_tokens: 100, cache_creation_input_tokens: 8, output_tokens: 50, ...more } }),
  ],
  [gemini, geminiUsage, (more) => ({ usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 50, ...more } })],
  [
    bedrockConverse,
    bedrockUsage,
    (more) => ({ usage: { inputTokens: 100, cacheWriteInputTokens: 8, outputTokens: 50, ...more } }),
  ],
]

describe.each(usages)('of the usage of $name', ({ lens }, table, bodyOf) => {
  test.each(Object.entries(table))('%s: %j', (word, [count, value]) => {
    const without = lens.usage(bodyOf({}))
    expect(without).toBeDefined()
    const counted = JSON.stringify(lens.usage(bodyOf({ [word]: value }))) !== JSON.stringify(without)
    expect(counted).toBe(count === 'counted')
  })
})
