/** The vendor's stream as neutral events. https://platform.claude.com/docs/en/build-with-claude/streaming */
import { LeashError } from '../../core/errors.js'
import type { StreamEvent } from '../../core/events.js'
import { parseExact } from '../../core/exact-json.js'
import { asNumber, asObject, asString, isObject } from '../../core/json.js'
import type { AssistantPart } from '../../core/message.js'
import { InTurn } from '../in-turn.js'
import { lookup } from '../lookup.js'
import { malformedEvent } from '../malformed.js'
import type { DecodeContext, StreamDecoder, WireEvent } from '../protocol.js'
import { readCitations } from './citations.js'
import { failureInBody } from './error.js'
import { decodeBlock, explanation, isCall, serverBlock } from './response.js'
import { overlay, type RawUsage, readTier, readUsage } from './usage.js'
import { finishReason, mustBeJson, type Sdk, signature } from './wire.js'

/** A block that is a part of the answer and has not ended. */
interface OpenPart {
  readonly index: number
  readonly part: AssistantPart
  /** Characters of text so far: what a citation spans. */
  length: number
  /** Tool arguments have come by deltas. */
  grown: boolean
  signature: string | undefined
  readonly citations: unknown[]
}

interface State {
  readonly context: DecodeContext
  readonly open: Map<number, OpenPart>
  /** Anthropic ends a block before it begins the next, and not everybody who speaks like it does. */
  turns: InTurn | undefined
  /** Parts so far: blocks of the vendor's own tools are none. */
  parts: number
  started: boolean
  called: boolean
  terminal: boolean
  usage: RawUsage
  stop: Record<string, unknown>
}

type Payload = Record<string, unknown>
type Handler = (state: State, payload: Payload) => StreamEvent[]

export function decodeStream(context: DecodeContext): StreamDecoder {
  const state: State = {
    context,
    open: new Map(),
    turns: undefined,
    parts: 0,
    started: false,
    called: false,
    terminal: false,
    usage: {},
    stop: {},
  }
  return {
    push(event) {
      if (state.terminal) return []
      const payload = read(event)
      const handle = payload && lookup(handlers, payload.type)
      const events = handle ? handle(state, payload) : []
      return state.turns ? state.turns.take(events) : events
    },
    end() {
      if (state.terminal) return []
      throw new LeashError(
        'stream_truncated',
        'The stream ended before `message_stop`: the answer is not whole. Send the call again.',
        {
          retryable: true,
        },
      )
    },
  }
}

function read({ event, data }: WireEvent): Payload | undefined {
  const payload = parseExact(data)
  if (isObject(payload)) return payload.type === undefined && event ? { ...payload, type: event } : payload
  if (event === 'error') return { type: event }
  if (mustBeJson(event, data)) throw malformedEvent()
  return undefined
}

const handlers: Readonly<Record<Sdk.RawMessageStreamEvent['type'] | 'error', Handler>> = {
  message_start(state, { message }) {
    const { id, model, usage } = asObject(message)
    state.usage = overlay(state.usage, usage)
    return begin(state, asString(id), asString(model))
  },
  content_block_start(state, payload) {
    const at = asNumber(payload.index) ?? 0
    const block = asObject(payload.content_block)
    const part = decodeBlock({ ...block, type: asString(block.type) ?? 'nothing' })
    if (part) return [...begin(state), ...openPart(state, at, part)]
    state.context.lose(`content[${at}]`, 'dropped', serverBlock(String(block.type)))
    return begin(state)
  },
  content_block_delta(state, payload) {
    const at = asNumber(payload.index) ?? 0
    const delta = asObject(payload.delta)
    const events = state.open.has(at) ? [] : unannounced(state, at, delta.type)
    const open = state.open.get(at)
    const grow = lookup(deltas, delta.type)
    const text = open && grow ? grow(open, delta) : ''
    if (open && text) events.push({ type: 'part-delta', choice: 0, index: open.index, delta: text })
    return events
  },
  content_block_stop(state, payload) {
    return closePart(state, asNumber(payload.index) ?? 0)
  },
  message_delta(state, { delta, usage }) {
    state.usage = overlay(state.usage, usage)
    state.stop = { ...state.stop, ...asObject(delta) }
    return []
  },
  message_stop(state) {
    const { stop } = state
    const events = begin(state)
    for (const at of state.open.keys()) events.push(...closePart(state, at))
    events.push(...refusal(state, explanation(stop.stop_details)))
    const sequence = asString(stop.stop_sequence)
    events.push({
      type: 'finish',
      choice: 0,
      reason: finishReason(stop.stop_reason, state.called),
      ...(sequence !== undefined && { stopSequence: sequence }),
    })
    events.push(...told(state))
    const serviceTier = readTier(state.usage)
    events.push({ type: 'end', ...(serviceTier !== undefined && { serviceTier }) })
    state.terminal = true
    return events
  },
  error(_, payload) {
    throw failureInBody(payload)
  },
}

/** Some gateways repeat `message_start`, others never send it: the answer starts once. */
function begin(state: State, id = '', model = state.context.model): StreamEvent[] {
  if (state.started) return []
  state.started = true
  return [{ type: 'start', id, model }, ...told(state)]
}

function told(state: State): StreamEvent[] {
  const usage = Object.keys(state.usage).length > 0 ? readUsage(state.usage) : undefined
  return usage ? [{ type: 'usage', usage }] : []
}

function openPart(state: State, at: number, part: AssistantPart): StreamEvent[] {
  const index = state.parts++
  state.called ||= isCall(part)
  const [before] = state.open.values()
  if (before) state.turns ??= new InTurn(before.index)
  const signed = part.type === 'reasoning' && !part.redacted ? part.signature?.value : undefined
  state.open.set(at, { index, part, length: 0, grown: false, signature: signed, citations: [] })
  return [{ type: 'part-start', choice: 0, index, part: opening(part) }]
}

/** Some gateways forget the start of a block. Text tells by itself what it is of; a tool without its name is lost. */
function unannounced(state: State, at: number, delta: unknown): StreamEvent[] {
  const part = delta === 'text_delta' ? 'text' : delta === 'thinking_delta' ? 'reasoning' : undefined
  return part ? [...begin(state), ...openPart(state, at, { type: part, text: '' })] : []
}

/** What is known of a part at its start. Arguments that stand there whole are told at its end, unless deltas come. */
function opening(part: AssistantPart): AssistantPart {
  if (part.type === 'tool-call') return { ...part, arguments: '' }
  if (part.type !== 'reasoning' || part.redacted) return part
  const { signature: _, ...unsigned } = part
  return unsigned
}

const deltas: Readonly<Record<Sdk.RawContentBlockDelta['type'], (open: OpenPart, delta: Payload) => string>> = {
  text_delta(open, { text }) {
    const more = asString(text) ?? ''
    open.length += more.length
    return more
  },
  thinking_delta(_, { thinking }) {
    return asString(thinking) ?? ''
  },
  input_json_delta(open, delta) {
    const more = asString(delta.partial_json) ?? ''
    if (more) open.grown = true
    return more
  },
  signature_delta(open, delta) {
    open.signature = asString(delta.signature)
    return ''
  },
  citations_delta(open, { citation }) {
    open.citations.push(citation)
    return ''
  },
}

function closePart(state: State, at: number): StreamEvent[] {
  const open = state.open.get(at)
  if (!open) return []
  state.open.delete(at)
  const { index, part } = open
  const events: StreamEvent[] = []
  if (part.type === 'tool-call' && !open.grown && part.arguments !== '{}')
    events.push({ type: 'part-delta', choice: 0, index, delta: part.arguments })
  const length = open.length + (part.type === 'text' ? part.text.length : 0)
  const citations = readCitations(open.citations, length)
  events.push({
    type: 'part-end',
    choice: 0,
    index,
    ...(open.signature && { signature: signature(open.signature) }),
    ...(citations.length > 0 && { citations }),
  })
  return events
}

function refusal(state: State, text: string | undefined): StreamEvent[] {
  if (!text) return []
  const index = state.parts++
  return [
    { type: 'part-start', choice: 0, index, part: { type: 'refusal', text: '' } },
    { type: 'part-delta', choice: 0, index, delta: text },
    { type: 'part-end', choice: 0, index },
  ]
}
