/** The body of `POST /v1/messages`, from a caller who believes to talk to Anthropic. */
import { LeashError } from '../../core/errors.js'
import { asNumber, asObject, asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { CacheHint, ChatRequest, Message, ResponseFormat } from '../../core/message.js'
import { cacheHint } from '../cache-hint.js'
import { invalid } from '../invalid.js'
import type { ReportLoss } from '../protocol.js'
import { decodeMessages, decodeSystem } from './decode-messages.js'
import { readThinking } from './thinking.js'
import { decodeToolChoice, decodeTools } from './tools.js'

/** Members that are read here, or elsewhere (`model`, `stream`), or that say nothing of the answer. */
const known = new Set([
  'model',
  'stream',
  'messages',
  'system',
  'max_tokens',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
  'cache_control',
  // A new one is not held, and nothing is lost by that: who goes on with it is told to send all messages.
  'thread',
  // Vertex AI and Bedrock have the version in the body: https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
  'anthropic_version',
])

export function decodeRequest(body: JsonObject, lose: ReportLoss): ChatRequest {
  for (const [member, value] of Object.entries(body)) {
    if (!known.has(member) && value !== undefined && value !== null) lose(member, 'dropped', 'it is known to Anthropic alone')
  }
  refuseThread(body.thread)
  const config = asObject(body.output_config)
  reportMembers('output_config', config, ['effort', 'format'], lose)
  reportMembers('metadata', asObject(body.metadata), ['user_id'], lose)
  const messages = [...decodeSystem(body.system, 'system', lose), ...decodeMessages(body.messages, lose)]
  const { cache } = cacheHint(body.cache_control)
  const { tools } = decodeTools(body.tools, lose)
  return compact({
    messages: cache ? cachedToTheEnd(messages, cache) : messages,
    tools,
    ...decodeToolChoice(body.tool_choice, tools, lose),
    responseFormat: decodeFormat(config.format ?? body.output_format),
    reasoning: readThinking(body.thinking, config.effort, lose),
    maxTokens: number(body, 'max_tokens'),
    temperature: number(body, 'temperature'),
    topP: number(body, 'top_p'),
    topK: number(body, 'top_k'),
    stop: stopSequences(body.stop_sequences),
    user: asString(asObject(body.metadata).user_id),
    serviceTier: serviceTier(body.service_tier),
  })
}

/** What only Anthropic holds: without it, the request is another one than the caller meant. */
function refuseThread(thread: unknown): void {
  if (asObject(thread).type !== 'continue') return
  const message = '`thread` goes on with a conversation that Anthropic holds, and works only with a target that speaks its API.'
  throw new LeashError('unsupported', `${message} Send all messages instead, or choose such a target.`, { param: 'thread' })
}

function reportMembers(path: string, value: Record<string, unknown>, read: readonly string[], lose: ReportLoss): void {
  for (const member of Object.keys(value)) {
    if (!read.includes(member)) lose(`${path}.${member}`, 'dropped', 'it is known to Anthropic alone')
  }
}

function number(body: JsonObject, member: string): number | undefined {
  const value = body[member]
  if (value === undefined || value === null) return undefined
  const known = asNumber(value)
  if (known === undefined) throw invalid(member, 'must be a number.')
  return known
}

function stopSequences(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    throw invalid('stop_sequences', 'must be a list of strings.')
  return value.length > 0 ? value : undefined
}

/** OpenAI's word for "no capacity but the ordinary". */
function serviceTier(value: unknown): string | undefined {
  return value === 'standard_only' ? 'default' : asString(value)
}

/** The format has no name here, and OpenAI demands one. */
function decodeFormat(format: unknown): ResponseFormat | undefined {
  if (!isObject(format)) return undefined
  if (format.type !== 'json_schema' || !isObject(format.schema))
    throw invalid('output_config.format', 'must have the type "json_schema" and a `schema`.')
  return { type: 'json-schema', name: 'response', schema: format.schema as JsonObject, strict: true }
}

/** `cache_control` of the request itself marks the last block that can be cached. */
function cachedToTheEnd(messages: readonly Message[], cache: CacheHint): readonly Message[] {
  const at = messages.findLastIndex(({ content }) => content.some(({ type }) => type !== 'reasoning'))
  return messages.map((message, index) => {
    if (index !== at) return message
    const last = message.content.findLastIndex(({ type }) => type !== 'reasoning')
    return { ...message, content: message.content.map((part, n) => (n === last ? { ...part, cache } : part)) } as Message
  })
}
