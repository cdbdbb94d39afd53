/** The stream of an answer as LangChain's chunks, which add up to the message that a whole answer would have been. */
import { AIMessageChunk, type AIMessageChunkFields, type ContentBlock } from '@langchain/core/messages'
import type { Report } from '../../core/call.js'
import { asObject, asString, type JsonObject, type Members, parseJson } from '../../core/json.js'
import { readError } from '../../protocols/ai-sdk-model.js'
import { sse } from '../../protocols/framing/sse.js'
import { lookup } from '../../protocols/lookup.js'
import { annotationsOf, asBlock, messageOf, metadataOf } from './answer.js'
import { blockOfFile } from './blocks.js'
import { carriedIn, onCalls } from './carried.js'
import { failureOf } from './failure.js'
import { endsInRefusal, isRefusal, refusalBlock } from './refusal.js'
import { withUsage } from './usage.js'

type Handler = (reader: ChunkReader, part: Members) => void

export interface Form {
  /** Texts too: LangChain makes a block of each string, and would never join them. */
  readonly inBlocks: boolean
  /** What was refused is a block of its own. */
  readonly refusals: boolean
}

/** @throws what LangChain expects of a model */
export async function* chunksOf(body: AsyncIterable<Uint8Array>, report: Report, form: Form): AsyncGenerator<AIMessageChunk> {
  const reader = new ChunkReader(form)
  const frames = sse.unframer(({ data }) => reader.push(asObject(parseJson(data))))
  try {
    for await (const bytes of body) {
      frames.push(bytes)
      yield* reader.taken()
    }
  } catch (error) {
    throw failureOf(error)
  }
  yield reader.last(report)
}

const handlers: Readonly<Record<string, Handler>> = {
  'response-metadata': (reader, part) => reader.named(part),
  'text-start': (reader, part) => reader.begin(part),
  'text-delta': (reader, part) => reader.text(part),
  'text-end': (reader, part) => reader.endText(part),
  'reasoning-start': (reader, part) => reader.begin(part),
  'reasoning-delta': (reader, part) => reader.reasoning(part, asString(part.delta) ?? ''),
  'reasoning-end': (reader, part) => reader.reasoning(part, ''),
  'tool-input-start': (reader, part) => reader.beginCall(part),
  'tool-input-delta': (reader, part) => reader.growCall(part),
  'tool-call': (reader, part) => reader.call(part),
  file: (reader, part) => reader.file(part),
  finish: (reader, part) => reader.finish(part),
  error: (_reader, { error }) => {
    throw readError(error)
  },
}

class ChunkReader {
  #out: AIMessageChunk[] = []
  #count = 0
  #mixed: boolean
  #response: Members = {}
  #finish: Members = {}
  /** Places of blocks, and of calls, by the ids of their parts: LangChain's events count them as one. */
  readonly #places = new Map<unknown, number>()
  readonly #calls = new Map<unknown, number>()
  /** Calls of which arguments have been told. */
  readonly #grown = new Set<unknown>()
  /** State of parts under way: what is told last takes the place of what was told first. */
  readonly #carried = new Map<unknown, JsonObject>()
  readonly #refusals: boolean
  /** The words of one under way: it is told whole. */
  #refusal = ''

  constructor({ inBlocks, refusals }: Form) {
    this.#mixed = inBlocks
    this.#refusals = refusals
  }

  push(part: Members): void {
    lookup(handlers, part.type)?.(this, part)
  }

  taken(): AIMessageChunk[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #tell(fields: AIMessageChunkFields): void {
    this.#out.push(new AIMessageChunk(fields))
  }

  /** From the first block that is no text on, texts are blocks too: chunks of strings and of lists do not add up in order. */
  #block(id: unknown, block: JsonObject): void {
    this.#mixed = true
    this.#tell({ content: [asBlock({ ...block, index: this.#places.get(id) ?? this.#count++ })] satisfies ContentBlock[] })
  }

  named(part: Members): void {
    this.#response = part
    const id = asString(part.id)
    if (id) this.#tell({ content: this.#mixed ? [] : '', id })
  }

  begin(part: Members): void {
    this.#places.set(part.id, this.#count++)
    this.#keep(part)
    // Its mark is to stand on the block that has the words.
    if (isRefusal(this.#carried.get(part.id))) this.#mixed = true
  }

  #keep(part: Members): void {
    const state = carriedIn(part)
    if (state) this.#carried.set(part.id, state)
  }

  text(part: Members): void {
    const text = asString(part.delta) ?? ''
    if (this.#refusals && isRefusal(this.#carried.get(part.id))) this.#refusal += text
    else if (this.#mixed) this.#block(part.id, { type: 'text', text })
    else this.#tell({ content: text })
  }

  endText(part: Members): void {
    this.#keep(part)
    const leash = this.#carried.get(part.id)
    if (this.#refusals && isRefusal(leash)) {
      this.#block(part.id, refusalBlock(this.#refusal))
      this.#refusal = ''
      return
    }
    const annotations = annotationsOf(part.citations)
    if (leash || annotations.annotations)
      this.#block(part.id, { type: 'text', text: '', ...annotations, ...(leash && { leash }) })
  }

  reasoning(part: Members, reasoning: string): void {
    this.#keep(part)
    // Told with the end alone: what is told twice would be joined.
    const leash = reasoning === '' ? this.#carried.get(part.id) : undefined
    if (reasoning !== '') this.#block(part.id, { type: 'reasoning', reasoning })
    else if (leash) this.#block(part.id, { type: 'reasoning', reasoning: '', leash })
  }

  #callChunk(key: unknown, args: string, told: { readonly id?: string; readonly name?: string } = {}): void {
    const index = this.#calls.get(key) ?? 0
    if (args !== '') this.#grown.add(key)
    this.#tell({ content: '', tool_call_chunks: [{ type: 'tool_call_chunk', index, args, ...told }] })
  }

  beginCall({ id, toolName }: Members): void {
    this.#calls.set(id, this.#count++)
    this.#callChunk(id, '', { id: asString(id) ?? '', name: asString(toolName) ?? '' })
  }

  growCall({ id, delta }: Members): void {
    this.#callChunk(id, asString(delta) ?? '')
  }

  call(part: Members): void {
    const { toolCallId, toolName, input } = part
    if (!this.#calls.has(toolCallId)) this.beginCall({ id: toolCallId, toolName })
    if (!this.#grown.has(toolCallId)) this.#callChunk(toolCallId, typeof input === 'string' ? input : JSON.stringify(input ?? {}))
    const state = carriedIn(part)
    if (state) this.#tell({ content: '', ...onCalls(new Map([[asString(toolCallId) ?? '', state]])) })
  }

  file(part: Members): void {
    const leash = carriedIn(part)
    this.#block(undefined, { ...blockOfFile(part), ...(leash && { leash }) })
  }

  finish(part: Members): void {
    this.#finish = part
  }

  /** Told when all that happened to the call is known. */
  last(report: Report): AIMessageChunk {
    const { finishReason, usage } = this.#finish
    const response_metadata = metadataOf(this.#response, asObject(finishReason), report)
    const told = [...this.#carried.values()].some(isRefusal)
    const silent = this.#refusals && endsInRefusal(finishReason) && !told
    const content = silent ? [asBlock({ ...refusalBlock(''), index: this.#count })] : ''
    return new AIMessageChunk(withUsage(usage, { content, response_metadata }))
  }
}

/** A whole answer as the only chunk. */
export function chunkOf(body: unknown, report: Report, refusals: boolean): AIMessageChunk {
  const message = messageOf(body, report, refusals)
  const { id, content, tool_calls = [], invalid_tool_calls = [], additional_kwargs, response_metadata } = message
  const first = typeof content === 'string' ? 1 : content.length
  const calls = [...tool_calls.map((call) => ({ ...call, args: JSON.stringify(call.args) })), ...invalid_tool_calls]
  return new AIMessageChunk(
    withUsage(asObject(body).usage, {
      content,
      additional_kwargs,
      response_metadata,
      tool_call_chunks: calls.map(({ id = '', name = '', args = '' }, place) => {
        return { type: 'tool_call_chunk' as const, index: first + place, id, name, args }
      }),
      ...(id !== undefined && { id }),
    }),
  )
}
