/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and API_runtime_ConverseStream.html */
import { asObject, type Members } from '../../../core/json.js'
import type { WireEvent } from '../../../protocols/protocol.js'
import { type Answer, answerTo, argsObject } from '../../mock/answer.js'
import { type Ask, type Endpoint, json, type Reply } from '../../mock/vendor.js'
import { jsonPiecesOf, piecesOf } from '../../mock/words.js'
import { thinkingFor } from '../anthropic/thinking.js'
import { checkConverse } from './check.js'
import { bedrockDialect, bedrockException, bedrockHeaders } from './dialect.js'
import { promptBlocks, readConverse } from './read.js'

export function bedrockConverse(model: string, stream: boolean): Endpoint {
  return { protocol: 'bedrock-converse', dialect: bedrockDialect, model, stream, answer: converse }
}

function converse(ask: Ask): Reply {
  checkConverse(ask.body, ask.model, ask.world)
  const answer = answerTo(readConverse(ask.body), ask.world.seed)
  const blocks = blocksOf(ask, answer)
  const usage = usageOf(ask, answer)
  const stop = {
    stopReason: stopReasons[answer.finish],
    ...(answer.stopSequence !== undefined && {
      additionalModelResponseFields: { stop_sequence: answer.stopSequence },
    }),
  }
  const metrics = { latencyMs: 42 }
  if (ask.stream) return streamed(ask, answer, blocks, stop, { usage, metrics })
  return json({ metrics, output: { message: { content: blocks, role: 'assistant' } }, ...stop, usage }, bedrockHeaders(ask.ids))
}

const stopReasons: Record<Answer['finish'], string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
}

function blocksOf({ ids, world }: Ask, answer: Answer): Members[] {
  const thinking = thinkingFor(answer.thinking, ids('', 8), world).map((part) => ({
    reasoningContent:
      'redacted' in part ? { redactedContent: part.redacted } : { reasoningText: { text: part.text, signature: part.signature } },
  }))
  const calls = answer.calls.map((call) => ({
    toolUse: { toolUseId: ids('tooluse_', 22), name: call.name, input: argsObject(call) },
  }))
  return [...thinking, ...(answer.text === '' ? [] : [{ text: answer.text }]), ...calls]
}

function usageOf({ body, world }: Ask, answer: Answer) {
  const cache = world.memory.cache(promptBlocks(body))
  const written = cache.write5m + cache.write1h
  const inputTokens = cache.total - cache.read - written
  const marked = cache.read + written > 0
  return {
    inputTokens,
    outputTokens: answer.tokens,
    totalTokens: cache.total + answer.tokens,
    serverToolUsage: {},
    ...(marked && { cacheReadInputTokens: cache.read, cacheWriteInputTokens: written }),
  }
}

const padding = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

function streamed(ask: Ask, answer: Answer, blocks: readonly Members[], stop: Members, metadata: Members): Reply {
  // `p` pads every event, so that its length does not give the text away.
  const event = (name: string, data: Members): WireEvent => ({
    event: name,
    data: JSON.stringify({ ...data, p: padding.slice(0, 4 + (ask.ids('', 1).charCodeAt(0) % 50)) }),
  })
  const content = blocks.flatMap((block, contentBlockIndex) => {
    const delta = (given: Members) => event('contentBlockDelta', { contentBlockIndex, delta: given })
    return [
      ...startOf(block).map((start) => event('contentBlockStart', { contentBlockIndex, start })),
      ...deltasOf(block, answer, ask.world.wordsPerChunk).map(delta),
      event('contentBlockStop', { contentBlockIndex }),
    ]
  })
  const start = event('messageStart', { role: 'assistant' })
  return {
    kind: 'stream',
    headers: bedrockHeaders(ask.ids),
    framing: 'aws-eventstream',
    events: [start, ...content, event('messageStop', stop), event('metadata', metadata)],
    terminal: content.length + 1,
    fail: (failure) => {
      const { name, message } = bedrockException(failure)
      return [{ event: name.charAt(0).toLowerCase() + name.slice(1), data: JSON.stringify({ message }) }]
    },
  }
}

/** Only tool calls are announced. */
function startOf(block: Members): Members[] {
  if (block.toolUse === undefined) return []
  const { toolUseId, name } = asObject(block.toolUse)
  return [{ toolUse: { toolUseId, name } }]
}

function deltasOf(block: Members, answer: Answer, words: number): Members[] {
  const { reasoningText, redactedContent } = asObject(block.reasoningContent)
  if (redactedContent !== undefined) return [{ reasoningContent: { redactedContent } }]
  if (reasoningText !== undefined) {
    const { text, signature } = asObject(reasoningText)
    const pieces = piecesOf(String(text), words).map((piece) => ({ reasoningContent: { text: piece } }))
    return [...pieces, { reasoningContent: { signature } }]
  }
  if (block.toolUse === undefined) return piecesOf(String(block.text), words).map((text) => ({ text }))
  const args = answer.calls.find((call) => call.name === asObject(block.toolUse).name)?.args ?? '{}'
  return (args === '{}' ? [''] : jsonPiecesOf(args)).map((input) => ({ toolUse: { input } }))
}
