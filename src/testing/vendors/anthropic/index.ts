/** https://docs.anthropic.com/en/api/messages and .../messages-streaming */
import { asObject, asObjects, type Members } from '../../../core/json.js'
import type { WireEvent } from '../../../protocols/protocol.js'
import { type Answer, answerTo, argsObject } from '../../mock/answer.js'
import { type Ask, type Endpoint, json, type Reply } from '../../mock/vendor.js'
import { countTokens, jsonPiecesOf, piecesOf } from '../../mock/words.js'
import { checkMessage, merged } from './check.js'
import { anthropicDialect, anthropicError, anthropicHeaders } from './dialect.js'
import { promptBlocks, readMessage } from './read.js'
import { checkThinkingBlocks, thinkingFor } from './thinking.js'

export function anthropicMessages(over: Partial<Endpoint> = {}): Endpoint {
  return { protocol: 'anthropic-messages', dialect: anthropicDialect, answer: answerMessage, ...over }
}

export function answerMessage(given: Ask): Reply {
  const { world, ids } = given
  const body = wholeThread(given)
  const ask = { ...given, body }
  checkMessage(body, ask.model)
  checkThinkingBlocks(merged(asObjects(body.messages)), body.thinking, world)
  const answer = answerTo(readMessage(body), world.seed)
  const blocks = blocksOf(ask, answer)
  const usage = usageOf(ask, answer)
  const head = { id: ids('msg_01', 22), type: 'message', role: 'assistant', model: ask.model }
  if (body.thread) world.memory.threads.set(head.id, [...asObjects(body.messages), { role: 'assistant', content: blocks }])
  if (ask.stream) return streamed(ask, head, answer, blocks, usage)
  const ends = { content: blocks, ...endOf(answer) }
  return json({ ...head, ...ends, usage }, anthropicHeaders(ids))
}

/** Of a thread, only what is new is sent: the rest Anthropic holds. */
function wholeThread({ body, world }: Ask): Ask['body'] {
  const before = world.memory.threads.get(String(asObject(body.thread).previous_message_id)) ?? []
  return before.length === 0 ? body : { ...body, messages: [...before, ...asObjects(body.messages)] }
}

export function anthropicCountTokens(): Endpoint {
  return {
    protocol: 'anthropic-messages',
    dialect: anthropicDialect,
    answer: ({ body, model, ids }) => {
      checkMessage(body, model, true)
      return json({ input_tokens: countTokens(promptBlocks(body).map(({ value }) => value)) }, anthropicHeaders(ids))
    },
  }
}

const stopReasons: Record<Answer['finish'], string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
}

const endOf = (answer: Answer) => ({
  stop_reason: stopReasons[answer.finish],
  stop_sequence: answer.stopSequence ?? null,
  stop_details: null,
})

function blocksOf({ ids, world, body }: Ask, answer: Answer): Members[] {
  const shown = asObject(body.thinking).display !== 'omitted'
  const thinking = thinkingFor(answer.thinking, ids('', 8), world, shown).map((part) =>
    'redacted' in part
      ? { type: 'redacted_thinking', data: part.redacted }
      : { type: 'thinking', thinking: part.text, signature: part.signature },
  )
  const text = answer.text === '' ? [] : [{ type: 'text', text: answer.text }]
  const calls = answer.calls.map((call) => ({
    type: 'tool_use',
    id: ids('toolu_01', 22),
    name: call.name,
    input: argsObject(call),
    caller: { type: 'direct' },
  }))
  return [...thinking, ...text, ...calls]
}

function usageOf({ body, world }: Ask, answer: Answer) {
  const cache = world.memory.cache(promptBlocks(body))
  const written = cache.write5m + cache.write1h
  return {
    input_tokens: cache.total - cache.read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cache.read,
    cache_creation: { ephemeral_5m_input_tokens: cache.write5m, ephemeral_1h_input_tokens: cache.write1h },
    output_tokens: answer.tokens,
    ...(answer.thinkingTokens > 0 && { output_tokens_details: { thinking_tokens: answer.thinkingTokens } }),
    service_tier: 'standard',
    inference_geo: 'not_available',
  }
}

type Usage = ReturnType<typeof usageOf>

function streamed(ask: Ask, head: Members, answer: Answer, blocks: readonly Members[], usage: Usage): Reply {
  const { output_tokens_details: details, ...begun } = usage
  const ends = { stop_reason: null, stop_sequence: null, stop_details: null }
  const start = { ...head, content: [], ...ends, usage: { ...begun, output_tokens: 1 } }
  const content = blocks.flatMap((block, index) => blockEvents(ask, answer, block, index))
  const events = [
    event('message_start', { message: start }),
    ...content.slice(0, 1),
    event('ping'),
    ...content.slice(1),
    event('message_delta', {
      delta: endOf(answer),
      usage: {
        input_tokens: usage.input_tokens,
        cache_creation_input_tokens: usage.cache_creation_input_tokens,
        cache_read_input_tokens: usage.cache_read_input_tokens,
        output_tokens: usage.output_tokens,
        ...(details && { output_tokens_details: details }),
      },
    }),
    event('message_stop'),
  ]
  return {
    kind: 'stream',
    headers: anthropicHeaders(ask.ids),
    framing: 'sse',
    events,
    terminal: events.length - 1,
    fail: (failure) => [{ event: 'error', data: JSON.stringify(anthropicError(failure, ask.ids)) }],
  }
}

const event = (type: string, rest: Record<string, unknown> = {}): WireEvent => ({
  event: type,
  data: JSON.stringify({ type, ...rest }),
})

function blockEvents({ world }: Ask, answer: Answer, block: Members, index: number): WireEvent[] {
  const delta = (type: string, rest: Record<string, unknown>) => event('content_block_delta', { index, delta: { type, ...rest } })
  const wrap = (content_block: Members, deltas: readonly WireEvent[]) => [
    event('content_block_start', { index, content_block }),
    ...deltas,
    event('content_block_stop', { index }),
  ]
  if (block.type === 'thinking') {
    return wrap({ type: 'thinking', thinking: '', signature: '' }, [
      ...piecesOf(String(block.thinking), world.wordsPerChunk).map((thinking) => delta('thinking_delta', { thinking })),
      delta('signature_delta', { signature: block.signature }),
    ])
  }
  if (block.type === 'text') {
    const pieces = piecesOf(String(block.text), world.wordsPerChunk)
    return wrap(
      { type: 'text', text: '' },
      pieces.map((text) => delta('text_delta', { text })),
    )
  }
  if (block.type === 'tool_use') {
    const args = answer.calls.find((call) => call.name === block.name)?.args ?? '{}'
    // Empty arguments stay the empty text: there is nothing to say about `{}`.
    const pieces = args === '{}' ? [''] : ['', ...jsonPiecesOf(args)]
    return wrap(
      { ...block, input: {} },
      pieces.map((partial_json) => delta('input_json_delta', { partial_json })),
    )
  }
  return wrap(block, [])
}
