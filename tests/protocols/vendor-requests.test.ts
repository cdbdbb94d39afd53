/**
 * What becomes of each word of the vendors' own requests in translation. The tables are held to those types: after an update of an
 * SDK, the compiler asks for a row for each word that is new, and wants those away that are gone.
 */

import type Anthropic from '@anthropic-ai/sdk'
import type * as Google from '@google/genai'
import type OpenAI from 'openai'
import type * as Responses from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/core/json.js'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { gemini } from '../../src/protocols/gemini/index.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import type { ChatProtocol, ReportLoss } from '../../src/protocols/protocol.js'

/** `silent`: it asks for nothing of the answer, or stands beside the translated request. */
type Fate = 'carried' | 'reported' | 'refused' | 'silent'
type Row = readonly [Fate, Json]
type Rows<Word extends string> = Readonly<Record<Word, Row>>
type Members<T> = Rows<T extends T ? keyof T & string : never>

const schema = { type: 'object', properties: {} }
const json = { type: 'json_schema', name: 'n', schema }
const call = { type: 'function', name: 'f', parameters: schema }
const fn = { type: 'function', function: { name: 'f' } }

const chat: Members<OpenAI.ChatCompletionCreateParams> = {
  messages: ['carried', [{ role: 'user', content: 'Ho' }]],
  model: ['silent', 'm'],
  stream: ['silent', true],
  audio: ['reported', { format: 'wav', voice: 'alloy' }],
  frequency_penalty: ['carried', 1],
  function_call: ['carried', { name: 'f' }],
  functions: ['carried', [{ name: 'f' }]],
  logit_bias: ['carried', { '1': 1 }],
  logprobs: ['carried', true],
  max_completion_tokens: ['carried', 9],
  max_tokens: ['carried', 9],
  metadata: ['carried', { a: 'b' }],
  modalities: ['reported', ['text', 'audio']],
  moderation: ['reported', { model: 'm' }],
  n: ['carried', 2],
  parallel_tool_calls: ['carried', false],
  prediction: ['reported', { type: 'content', content: 'x' }],
  presence_penalty: ['carried', 1],
  prompt_cache_key: ['reported', 'k'],
  prompt_cache_options: ['reported', { mode: 'explicit' }],
  prompt_cache_retention: ['reported', '24h'],
  reasoning_effort: ['carried', 'low'],
  response_format: ['carried', { type: 'json_schema', json_schema: json }],
  safety_identifier: ['carried', 'u'],
  seed: ['carried', 7],
  service_tier: ['carried', 'flex'],
  stop: ['carried', 'x'],
  store: ['reported', true],
  stream_options: ['carried', { include_usage: true }],
  temperature: ['carried', 1],
  tool_choice: ['carried', 'auto'],
  tools: ['carried', [{ ...fn, function: { name: 'g' } }]],
  top_logprobs: ['carried', 2],
  top_p: ['carried', 0.5],
  user: ['carried', 'u'],
  verbosity: ['reported', 'low'],
  web_search_options: ['reported', {}],
}

const responses: Members<Responses.ResponseCreateParams> = {
  access_programs: ['reported', { cyber: 'standard' }],
  background: ['refused', true],
  context_management: ['reported', [{ type: 'compaction' }]],
  conversation: ['refused', 'conv_1'],
  image: ['reported', { context_compression: 'enabled' }],
  include: ['carried', ['message.output_text.logprobs']],
  input: ['carried', 'Ho'],
  instructions: ['carried', 'Be brief.'],
  max_output_tokens: ['carried', 99],
  max_tool_calls: ['reported', 3],
  metadata: ['carried', { a: 'b' }],
  model: ['silent', 'm'],
  moderation: ['reported', { model: 'm' }],
  parallel_tool_calls: ['carried', false],
  previous_response_id: ['refused', 'resp_1'],
  prompt: ['refused', { id: 'p' }],
  prompt_cache_key: ['reported', 'k'],
  prompt_cache_options: ['reported', { mode: 'explicit' }],
  prompt_cache_retention: ['reported', '24h'],
  reasoning: ['carried', { effort: 'low' }],
  safety_identifier: ['carried', 'u'],
  service_tier: ['carried', 'flex'],
  store: ['reported', true],
  stream: ['silent', true],
  stream_options: ['silent', { include_obfuscation: true }],
  temperature: ['carried', 1],
  text: ['carried', { format: json }],
  tool_choice: ['carried', 'auto'],
  tools: ['carried', [{ ...call, name: 'g' }]],
  top_logprobs: ['reported', 2],
  top_p: ['carried', 0.5],
  truncation: ['reported', 'auto'],
  user: ['carried', 'u'],
}

/** `betas` goes into a header, by the SDK. */
const messages: Members<Omit<Anthropic.Beta.MessageCreateParams, 'betas'>> = {
  billing_policy: ['reported', { type: 'x' }],
  cache_control: ['carried', { type: 'ephemeral' }],
  compaction: ['reported', { type: 'x' }],
  container: ['reported', 'c'],
  context_management: ['reported', { edits: [] }],
  diagnostics: ['reported', {}],
  fallback_credit_token: ['reported', 't'],
  fallbacks: ['reported', [{ model: 'm' }]],
  inference_geo: ['reported', 'us'],
  max_tokens: ['carried', 9],
  mcp_servers: ['reported', [{ type: 'url', name: 's', url: 'https://s.example' }]],
  messages: ['carried', [{ role: 'user', content: 'Ho' }]],
  metadata: ['carried', { user_id: 'u' }],
  model: ['silent', 'm'],
  output_config: ['carried', { effort: 'low' }],
  output_format: ['carried', { type: 'json_schema', schema }],
  service_tier: ['carried', 'auto'],
  speed: ['reported', 'fast'],
  stop_sequences: ['carried', ['x']],
  stream: ['silent', true],
  system: ['carried', 'Be brief.'],
  thinking: ['carried', { type: 'adaptive' }],
  thread: ['refused', { type: 'continue', id: 't' }],
  tool_choice: ['carried', { type: 'auto' }],
  tools: ['carried', [{ name: 'g', input_schema: schema }]],
  user_profile_id: ['reported', 'p'],
  workspace_id: ['reported', 'w'],
}

const generation: Members<Google.GenerationConfig> = {
  audioTimestamp: ['reported', true],
  audioTranscriptionConfig: ['reported', {}],
  candidateCount: ['carried', 2],
  enableAffectiveDialog: ['reported', true],
  enableEnhancedCivicAnswers: ['reported', true],
  frequencyPenalty: ['carried', 1],
  logprobs: ['carried', 2],
  maxOutputTokens: ['carried', 9],
  mediaResolution: ['reported', 'MEDIA_RESOLUTION_LOW'],
  modelSelectionConfig: ['reported', {}],
  presencePenalty: ['carried', 1],
  responseFormat: ['carried', [{ text: { mimeType: 'application/json', schema } }]],
  responseJsonSchema: ['carried', schema],
  responseLogprobs: ['carried', true],
  responseMimeType: ['carried', 'text/plain'],
  responseModalities: ['reported', ['AUDIO']],
  responseSchema: ['carried', { type: 'OBJECT' }],
  routingConfig: ['reported', {}],
  seed: ['carried', 7],
  speechConfig: ['reported', {}],
  stopSequences: ['carried', ['x']],
  temperature: ['carried', 1],
  thinkingConfig: ['carried', { thinkingBudget: 9 }],
  topK: ['carried', 3],
  topP: ['carried', 0.5],
  translationConfig: ['reported', {}],
}

const blocks: Rows<Anthropic.Beta.BetaContentBlockParam['type']> = {
  text: ['carried', { text: 'Ho' }],
  image: ['carried', { source: { type: 'url', url: 'https://e.example/i.png' } }],
  document: ['carried', { source: { type: 'text', media_type: 'text/plain', data: 'x' } }],
  search_result: ['carried', { source: 's', title: 't', content: [] }],
  thinking: ['carried', { thinking: 'Hm', signature: 'c2ln' }],
  redacted_thinking: ['carried', { data: 'ZGF0YQ==' }],
  tool_use: ['carried', { id: 't', name: 'f', input: {} }],
  tool_result: ['carried', { tool_use_id: 't', content: 'x' }],
  ...reported(
    ...(['server_tool_use', 'web_search_tool_result', 'web_fetch_tool_result', 'advisor_tool_result'] as const),
    ...(['code_execution_tool_result', 'bash_code_execution_tool_result', 'tool_search_tool_result'] as const),
    ...(['text_editor_code_execution_tool_result', 'mcp_tool_use', 'mcp_tool_result', 'mcp_tool_listing'] as const),
    ...(['container_upload', 'compaction', 'fallback', 'tool_addition', 'tool_removal'] as const),
  ),
}

const items: Rows<NonNullable<Responses.ResponseInputItem['type']>> = {
  message: ['carried', { role: 'user', content: 'Ho' }],
  function_call: ['carried', { call_id: 'd', name: 'f', arguments: '{}' }],
  function_call_output: ['carried', { call_id: 'c', output: 'x' }],
  custom_tool_call: ['carried', { call_id: 'd', name: 'f', input: 'x' }],
  custom_tool_call_output: ['carried', { call_id: 'c', output: 'x' }],
  image_generation_call: ['carried', { result: 'aGk=' }],
  reasoning: ['carried', { summary: [], encrypted_content: 'x' }],
  additional_tools: ['carried', { role: 'developer', tools: [{ type: 'function', name: 'g', parameters: schema }] }],
  ...reported(
    ...(['file_search_call', 'computer_call', 'computer_call_output', 'web_search_call', 'tool_search_call'] as const),
    ...(['tool_search_output', 'configuration_update', 'compaction', 'compaction_trigger'] as const),
    ...(['code_interpreter_call', 'local_shell_call', 'local_shell_call_output'] as const),
    ...(['shell_call', 'shell_call_output', 'apply_patch_call', 'apply_patch_call_output', 'mcp_list_tools'] as const),
    ...(['mcp_approval_request', 'mcp_approval_response', 'mcp_call', 'item_reference', 'program', 'program_output'] as const),
  ),
}

const responsesTools: Rows<Responses.Tool['type']> = {
  function: ['carried', { name: 'g', parameters: schema }],
  custom: ['carried', { name: 'g' }],
  namespace: ['carried', { name: 'n', description: 'n', tools: [{ type: 'function', name: 'g', parameters: schema }] }],
  ...reported(
    ...(['file_search', 'computer', 'computer_use_preview', 'web_search', 'web_search_2025_08_26', 'mcp'] as const),
    ...(['code_interpreter', 'programmatic_tool_calling', 'image_generation', 'local_shell', 'shell'] as const),
    ...(['tool_search', 'web_search_preview', 'web_search_preview_2025_03_11', 'apply_patch'] as const),
  ),
}

const chatParts: Rows<OpenAI.ChatCompletionContentPart['type']> = {
  text: ['carried', { text: 'Ho' }],
  image_url: ['carried', { image_url: { url: 'https://e.example/i.png' } }],
  input_audio: ['carried', { input_audio: { data: 'aGk=', format: 'wav' } }],
  file: ['carried', { file: { file_id: 'f' } }],
}

const chatTools: Rows<OpenAI.ChatCompletionTool['type']> = {
  function: ['carried', { function: { name: 'g' } }],
  custom: ['carried', { custom: { name: 'g' } }],
}

const parts: Members<Google.Part> = {
  text: ['carried', 'Ho'],
  thought: ['carried', true],
  thoughtSignature: ['carried', 'CiIB'],
  inlineData: ['carried', { mimeType: 'image/png', data: 'aGk=' }],
  fileData: ['carried', { mimeType: 'image/png', fileUri: 'https://e.example/i.png' }],
  functionCall: ['carried', { name: 'f', args: {} }],
  functionResponse: ['carried', { name: 'f', response: {} }],
  executableCode: ['carried', { code: '1', language: 'PYTHON' }],
  codeExecutionResult: ['carried', { output: '1' }],
  audioTranscription: ['reported', {}],
  mediaProcessing: ['reported', 'STATIC'],
  mediaResolution: ['reported', {}],
  partMetadata: ['reported', {}],
  speechMetadata: ['reported', {}],
  toolCall: ['reported', {}],
  toolResponse: ['reported', {}],
  videoMetadata: ['reported', {}],
}

const geminiTools: Members<Google.Tool> = {
  functionDeclarations: ['carried', [{ name: 'g' }]],
  ...reported(
    ...(['retrieval', 'googleMaps', 'mcpServers', 'codeExecution', 'computerUse', 'enterpriseWebSearch'] as const),
    ...(['exaAiSearch', 'googleSearch', 'googleSearchRetrieval', 'parallelAiSearch', 'urlContext', 'fileSearch'] as const),
  ),
}

const declared: Members<Google.FunctionDeclaration> = {
  name: ['carried', 'h'],
  description: ['carried', 'd'],
  parameters: ['carried', { type: 'OBJECT' }],
  parametersJsonSchema: ['carried', schema],
  behavior: ['reported', 'BLOCKING'],
  response: ['reported', {}],
  responseJsonSchema: ['reported', {}],
}

function reported<Word extends string>(...words: readonly Word[]): Rows<Word> {
  return Object.fromEntries(words.map((word) => [word, ['reported', {}]])) as unknown as Rows<Word>
}

/** Translates, tells of losses, and gives back what came of it. */
type Translate = (lose: ReportLoss) => object

/** What the second has that the first has not. */
function fateOf(without: Translate, withIt: Translate): Fate {
  const run = (translate: Translate) => {
    const losses: string[] = []
    return { came: JSON.stringify(translate((path, action) => void losses.push(`${action} ${path}`))), losses: losses.length }
  }
  const before = run(without)
  try {
    const after = run(withIt)
    if (after.came !== before.came) return 'carried'
    return after.losses > before.losses ? 'reported' : 'silent'
  } catch (error) {
    expect(error).toMatchObject({ code: 'unsupported' })
    return 'refused'
  }
}

const asked =
  ({ downstream }: ChatProtocol, body: JsonObject): Translate =>
  (lose) =>
    downstream?.decodeRequest(body, lose) ?? expect.fail()

const hi = { role: 'user', content: 'Hi' }
const inChat = { messages: [hi], tools: [fn] }
const inResponses = { input: [{ ...call, type: 'function_call', call_id: 'c', arguments: '{}' }, hi], tools: [call] }
const inMessages = {
  max_tokens: 5,
  messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] }, hi],
  tools: [{ name: 'f', input_schema: schema }],
}
const model = { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }
const inGemini = { contents: [model], generationConfig: { responseMimeType: 'application/json' } }
const turn = (role: string, part: Json): JsonObject => ({ ...inGemini, contents: [model, { role, parts: [part] }] })

/** A body without the word, and with it. */
type Bodies = (word: string, value: Json) => readonly [JsonObject, JsonObject]

const requests: readonly (readonly [string, ChatProtocol, Readonly<Record<string, Row>>, Bodies])[] = [
  ['member of Chat Completions', openaiChat, chat, (word, value) => [inChat, { ...inChat, [word]: value }]],
  ['member of the Responses API', openaiResponses, responses, (word, value) => [inResponses, { ...inResponses, [word]: value }]],
  ['member of the Messages API', anthropicMessages, messages, (word, value) => [inMessages, { ...inMessages, [word]: value }]],
  [
    'setting of Gemini',
    gemini,
    generation,
    (word, value) => [inGemini, { ...inGemini, generationConfig: { ...inGemini.generationConfig, [word]: value } }],
  ],
  [
    'item of the Responses API',
    openaiResponses,
    items,
    (type, value) => [inResponses, { ...inResponses, input: [...inResponses.input, { type, ...(value as JsonObject) }] }],
  ],
  [
    'tool of the Responses API',
    openaiResponses,
    responsesTools,
    (type, value) => [inResponses, { ...inResponses, tools: [call, { type, ...(value as JsonObject) }] }],
  ],
  [
    'part of Chat Completions',
    openaiChat,
    chatParts,
    (type, value) => [inChat, { ...inChat, messages: [hi, { role: 'user', content: [{ type, ...(value as JsonObject) }] }] }],
  ],
  [
    'tool of Chat Completions',
    openaiChat,
    chatTools,
    (type, value) => [inChat, { ...inChat, tools: [fn, { type, ...(value as JsonObject) }] }],
  ],
  [
    'tool of Gemini',
    gemini,
    geminiTools,
    (word, value) => [
      { ...inGemini, tools: [{}] },
      { ...inGemini, tools: [{ [word]: value }] },
    ],
  ],
  [
    'member of a function of Gemini',
    gemini,
    declared,
    (word, value) => [
      { ...inGemini, tools: [{ functionDeclarations: [{ name: 'g' }] }] },
      { ...inGemini, tools: [{ functionDeclarations: [{ name: 'g', [word]: value }] }] },
    ],
  ],
]

describe.each(requests)('each %s', (_, protocol, table, bodies) => {
  test.each(Object.entries(table))('%s: %j', (word, [fate, value]) => {
    const [without, withIt] = bodies(word, value)
    expect(fateOf(asked(protocol, without), asked(protocol, withIt))).toBe(fate)
  })
})

/** Some are of one role alone. */
describe('in a history', () => {
  test.each(Object.entries(blocks))('each block of Anthropic: %s', (type, [fate, value]) => {
    const fates = ['user', 'assistant'].map((role) => {
      const said = { role, content: [{ type, ...(value as JsonObject) }] }
      return fateOf(
        asked(anthropicMessages, inMessages),
        asked(anthropicMessages, { ...inMessages, messages: [...inMessages.messages, said] }),
      )
    })
    expect(fates).toContain(fate)
    expect(fates).not.toContain('silent')
  })

  test.each(Object.entries(parts))('each part of Gemini: %s', (word, [fate, value]) => {
    const fates = ['user', 'model'].map((role) => {
      const beside = word in { thought: 1, thoughtSignature: 1 } || fate === 'reported' ? { text: 'Hi' } : {}
      return fateOf(asked(gemini, turn(role, beside)), asked(gemini, turn(role, { ...beside, [word]: value })))
    })
    expect(fates).toContain(fate)
  })
})
