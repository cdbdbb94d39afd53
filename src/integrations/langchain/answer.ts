/** A whole answer as LangChain's message. */
import { AIMessage, type ContentBlock } from '@langchain/core/messages'
import type { InvalidToolCall, ToolCall } from '@langchain/core/messages/tool'
import type { Report } from '../../core/call.js'
import {
  asArray,
  asNumber,
  asObject,
  asObjects,
  asString,
  compact,
  isObject,
  type JsonObject,
  type Members,
  parseJson,
} from '../../core/json.js'
import { blockOfFile } from './blocks.js'
import { carriedIn, onCalls } from './carried.js'
import { endsInRefusal, isRefusal, refusalBlock } from './refusal.js'
import { reported } from './report.js'
import { withUsage } from './usage.js'

/** @param refusals whether what was refused is a block of its own */
export function messageOf(body: unknown, report: Report, refusals: boolean): AIMessage {
  const { content, finishReason, usage, response } = asObject(body)
  const parts = asObjects(content)
  const calls = parts.filter(({ type }) => type === 'tool-call')
  const carried = new Map(
    calls.flatMap((part) => {
      const state = carriedIn(part)
      return state ? [[asString(part.toolCallId) ?? '', state] as const] : []
    }),
  )
  const blocks = parts.flatMap((part) =>
    refusals && isRefusal(carriedIn(part)) ? [refusalBlock(asString(part.text) ?? '')] : blockOf(part),
  )
  const id = asString(asObject(response).id)
  return new AIMessage(
    withUsage(usage, {
      content: contentOf(refusals ? withRefusal(blocks, finishReason) : blocks),
      ...callsOf(calls),
      ...(id && { id }),
      ...onCalls(carried),
      response_metadata: metadataOf(response, finishReason, report),
    }),
  )
}

export function metadataOf(response: unknown, finishReason: unknown, report: Report): Record<string, unknown> {
  const { modelId } = asObject(response)
  const { unified, raw } = asObject(finishReason)
  return {
    model_provider: 'leash',
    ...(typeof modelId === 'string' && { model_name: modelId }),
    ...(unified !== undefined && { finish_reason: finishes[asString(raw) ?? ''] ?? unified }),
    ...reported(report),
  }
}

/** LangChain has no words of its own for it. Those of OpenAI are looked for by most that is written for it. */
const finishes: Readonly<Record<string, string>> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
}

/** A text alone is a string, as everybody expects; what has more to it is a list of standard blocks. */
function contentOf(blocks: readonly JsonObject[]): string | ContentBlock[] {
  if (blocks.every(({ type, leash, annotations }) => type === 'text' && leash === undefined && annotations === undefined))
    return blocks.map(({ text }) => asString(text) ?? '').join('')
  return blocks.map((block) => asBlock(block))
}

/** What was made here, or has been read, as a block of LangChain's: its own type has no more than a `type`. */
export function asBlock(block: JsonObject): ContentBlock {
  return { ...block, type: asString(block.type) ?? 'non_standard' }
}

/** A model that refused without a word has refused all the same. */
function withRefusal(blocks: readonly JsonObject[], finishReason: unknown): readonly JsonObject[] {
  const silent = endsInRefusal(finishReason) && !blocks.some(({ type }) => type === 'refusal')
  return silent ? [...blocks, refusalBlock('')] : blocks
}

function blockOf(part: Members): JsonObject[] {
  const leash = carriedIn(part)
  const carried = leash ? { leash } : {}
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: asString(part.text) ?? '', ...annotationsOf(part.citations), ...carried }]
    case 'reasoning':
      return [{ type: 'reasoning', reasoning: asString(part.text) ?? '', ...carried }]
    case 'file':
      return [{ ...blockOfFile(part), ...carried }]
  }
  return []
}

export function annotationsOf(citations: unknown): JsonObject {
  const annotations = asArray(citations).map((citation): JsonObject => {
    const { source, startIndex, endIndex, citedText } = asObject(citation)
    const { url, title } = asObject(source)
    return compact({
      type: 'citation',
      url: asString(url),
      title: asString(title),
      startIndex: asNumber(startIndex),
      endIndex: asNumber(endIndex),
      citedText: asString(citedText),
    })
  })
  return annotations.length > 0 ? { annotations } : {}
}

function callsOf(parts: readonly Members[]): { tool_calls: ToolCall[]; invalid_tool_calls: InvalidToolCall[] } {
  const calls: ReturnType<typeof callsOf> = { tool_calls: [], invalid_tool_calls: [] }
  for (const part of parts) {
    const [id, name] = [asString(part.toolCallId) ?? '', asString(part.toolName) ?? '']
    const input = typeof part.input === 'string' ? parseJson(part.input || '{}') : part.input
    if (isObject(input)) calls.tool_calls.push({ type: 'tool_call', id, name, args: { ...input } })
    else {
      const error = 'The arguments are not a JSON object.'
      calls.invalid_tool_calls.push({ type: 'invalid_tool_call', id, name, args: String(part.input), error })
    }
  }
  return calls
}
