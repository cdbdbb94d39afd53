/** The events of `ConverseStream`, each read by its own handler. */

import { truncated } from '../../core/ending.js'
import type { StreamEvent } from '../../core/events.js'
import { asNumber, asObject, asString, isObject, parseJson } from '../../core/json.js'
import type { AssistantPart, SignatureFormat } from '../../core/message.js'
import { isAwsFailure } from '../aws-error.js'
import { lookup } from '../lookup.js'
import { malformedEvent } from '../malformed.js'
import type { DecodeContext, StreamDecoder } from '../protocol.js'
import { citationsOf } from './citations.js'
import { streamError } from './error.js'
import { habitsOf } from './models.js'
import { imageOf, isServerTool, stopSequenceOf } from './response.js'
import { finishReasonOf, tierIn, usageFrom } from './wire.js'

/** A block of Bedrock's that is open. */
interface Block {
  /** The number of the part; undefined for a block that is no part of the answer, or not yet. */
  index?: number
  /** Characters so far: what citations span. */
  length: number
  signature: string
  /** What is hidden of the thinking, or an image: in pieces, each of them base64 by itself, and told when it is whole. */
  readonly bytes: string[]
  readonly citations: unknown[]
  readonly image?: { readonly format: unknown }
}

interface State {
  readonly context: DecodeContext
  readonly signer: SignatureFormat | undefined
  /** By Bedrock's own number, which also counts the blocks that are left out. */
  readonly blocks: Map<number, Block>
  parts: number
  calledTools: boolean
  begun: boolean
  stopped: boolean
  ended: boolean
}

type Payload = Record<string, unknown>
type Handler = (state: State, payload: Payload) => StreamEvent[]

const handlers: Readonly<Record<string, Handler>> = {
  messageStart: begin,
  contentBlockStart: startBlock,
  contentBlockDelta: growBlock,
  contentBlockStop: (state, payload) => stopBlock(state, numberOf(payload)),
  messageStop: stop,
  metadata: conclude,
}

export function decodeStream(context: DecodeContext): StreamDecoder {
  const state: State = {
    context,
    signer: habitsOf(context.model).signature,
    blocks: new Map(),
    parts: 0,
    calledTools: false,
    begun: false,
    stopped: false,
    ended: false,
  }
  return {
    push({ event = '', data }) {
      if (isAwsFailure(event)) throw streamError(event, data)
      const handler = lookup(handlers, event)
      if (!handler) return []
      const payload = parseJson(data)
      if (!isObject(payload)) {
        // Of what comes behind the end only usage is missing.
        if (state.stopped) return []
        throw malformedEvent()
      }
      return [...begin(state), ...handler(state, payload)]
    },
    end() {
      if (!state.stopped) throw truncated()
      return end(state)
    },
  }
}

function begin(state: State): StreamEvent[] {
  if (state.begun) return []
  state.begun = true
  // Bedrock names an answer in a header only.
  return [{ type: 'start', id: '', model: state.context.model }]
}

function numberOf({ contentBlockIndex }: Payload): number {
  return asNumber(contentBlockIndex) ?? 0
}

function blockAt(state: State, payload: Payload, image?: Block['image']): Block {
  const number = numberOf(payload)
  const block = state.blocks.get(number) ?? { length: 0, signature: '', bytes: [], citations: [], ...(image && { image }) }
  state.blocks.set(number, block)
  return block
}

/** The part that a block is, opened when it is first known what it will be. */
function open(state: State, block: Block, part: AssistantPart): StreamEvent[] {
  if (block.index !== undefined) return []
  block.index = state.parts++
  return [{ type: 'part-start', choice: 0, index: block.index, part }]
}

function grow(block: Block, delta: string): StreamEvent[] {
  block.length += delta.length
  return delta && block.index !== undefined ? [{ type: 'part-delta', choice: 0, index: block.index, delta }] : []
}

function startBlock(state: State, payload: Payload): StreamEvent[] {
  const { toolUse, image, ...others } = asObject(payload.start)
  if (isObject(image)) {
    blockAt(state, payload, { format: image.format })
    return []
  }
  const [kind] = Object.keys(others)
  if (kind !== undefined)
    state.context.lose(`content[${numberOf(payload)}]`, 'dropped', `a block of the kind "${kind}" has no word elsewhere`)
  if (!isObject(toolUse)) return []
  if (isServerTool(toolUse)) {
    state.context.lose(`content[${numberOf(payload)}]`, 'dropped', 'a tool that ran at Amazon has no word elsewhere')
    return []
  }
  state.calledTools = true
  const { toolUseId, name } = toolUse
  const call = { type: 'tool-call', id: asString(toolUseId) ?? '', name: asString(name) ?? '', arguments: '' } as const
  return open(state, blockAt(state, payload), call)
}

/** Which member of a delta says what grows. */
const growers: Readonly<Record<string, (state: State, block: Block, value: unknown) => StreamEvent[]>> = {
  text: (state, block, text) => [...open(state, block, { type: 'text', text: '' }), ...grow(block, asString(text) ?? '')],
  // A tool of Bedrock's own was not opened, and its input goes nowhere.
  toolUse: (_, block, toolUse) => grow(block, asString(asObject(toolUse).input) ?? ''),
  reasoningContent: growReasoning,
  citation(state, block, citation) {
    block.citations.push(citation)
    return open(state, block, { type: 'text', text: '' })
  },
  image(_, block, image) {
    block.bytes.push(asString(asObject(asObject(image).source).bytes) ?? '')
    return []
  },
}

function growBlock(state: State, payload: Payload): StreamEvent[] {
  const block = blockAt(state, payload)
  return Object.entries(asObject(payload.delta)).flatMap(([name, value]) => lookup(growers, name)?.(state, block, value) ?? [])
}

function growReasoning(state: State, block: Block, value: unknown): StreamEvent[] {
  const { text, signature, redactedContent } = asObject(value)
  block.signature += asString(signature) ?? ''
  const redacted = typeof redactedContent === 'string'
  if (redacted) block.bytes.push(redactedContent)
  return [
    ...open(state, block, { type: 'reasoning', text: '', ...(redacted && { redacted }) }),
    ...grow(block, asString(text) ?? ''),
  ]
}

function stopBlock(state: State, number: number): StreamEvent[] {
  const block = state.blocks.get(number)
  if (!block) return []
  state.blocks.delete(number)
  const bytes = joinedBase64(block.bytes)
  const { format } = block.image ?? {}
  const image = block.image && imageOf({ format, source: { bytes } }, `content[${number}]`, state.context.lose)
  const opened = image ? open(state, block, image) : []
  const { index, citations, length } = block
  const signature = image ? '' : block.signature || bytes
  if (index === undefined) return []
  return [
    ...opened,
    {
      type: 'part-end',
      choice: 0,
      index,
      ...(signature && state.signer && { signature: { format: state.signer, value: signature } }),
      ...(citations.length > 0 && { citations: citationsOf(citations, length) }),
    },
  ]
}

/** A piece whose bytes are no multiple of three is padded, and must not be followed by the next as it stands. */
function joinedBase64(pieces: readonly string[]): string {
  const padded = pieces.slice(0, -1).some((piece) => piece.endsWith('='))
  return padded ? btoa(pieces.map((piece) => atob(piece)).join('')) : pieces.join('')
}

function stop(state: State, payload: Payload): StreamEvent[] {
  if (state.stopped) return []
  state.stopped = true
  const left = [...state.blocks.keys()].flatMap((number) => stopBlock(state, number))
  const stopSequence = stopSequenceOf(payload)
  const reason = finishReasonOf(payload.stopReason, state.calledTools)
  return [...left, { type: 'finish', choice: 0, reason, ...(stopSequence !== undefined && { stopSequence }) }]
}

/** Usage comes after the answer, in an event of its own. */
function conclude(state: State, payload: Payload): StreamEvent[] {
  const usage = usageFrom(payload.usage)
  return [...(usage ? [{ type: 'usage', usage } as const] : []), ...(state.stopped ? end(state, tierIn(payload)) : [])]
}

function end(state: State, serviceTier?: string): StreamEvent[] {
  if (state.ended) return []
  state.ended = true
  return [{ type: 'end', ...(serviceTier !== undefined && { serviceTier }) }]
}
