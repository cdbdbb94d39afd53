/**
 * An answer as LangChain's newer events, of which LangGraph makes the messages of agents. LangChain's bridge makes them of
 * chunks and leaves out what it has no word for: vendors' state, sources, why the answer ended, the report. They are told with
 * the end of each block, and of the whole.
 */
import { convertChunksToEvents } from '@langchain/core/language_models/compat'
import type { ChatModelStreamEvent, FinishReason } from '@langchain/core/language_models/event'
import type { ContentBlock } from '@langchain/core/messages'
import type { ChatGenerationChunk } from '@langchain/core/outputs'
import { asObject, asObjects, asString, type Members } from '../../core/json.js'
import { lookup } from '../../protocols/lookup.js'
import { carriedOnCalls } from './carried.js'

type Chunks = AsyncIterable<ChatGenerationChunk>

/** @param chunks whose texts are blocks */
export async function* eventsOf(chunks: Chunks, signal: AbortSignal | undefined): AsyncGenerator<ChatModelStreamEvent> {
  const beside = new Beside()
  for await (const event of convertChunksToEvents(beside.heard(chunks), signal && { signal })) {
    if (event.event === 'content-block-finish') yield { ...event, content: beside.block(event.index, event.content) }
    else if (event.event === 'message-finish') yield { ...event, ...beside.ending() }
    else yield event
  }
}

const reasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_use',
  content_filter: 'content_filter',
}

/** What chunks tell beside their words. */
class Beside {
  readonly #blocks = new Map<unknown, Members>()
  #calls: Members = {}
  #metadata: Record<string, unknown> = {}

  async *heard(chunks: Chunks): Chunks {
    for await (const chunk of chunks) {
      const { message } = chunk
      for (const { type, text, reasoning, index, ...rest } of asObjects(message.content))
        this.#blocks.set(index, { ...this.#blocks.get(index), ...rest })
      this.#calls = { ...this.#calls, ...carriedOnCalls(message) }
      this.#metadata = { ...this.#metadata, ...message.response_metadata }
      yield chunk
    }
  }

  block(index: number, content: ContentBlock): ContentBlock {
    const leash = lookup(this.#calls, asObject(content).id)
    return { ...content, ...this.#blocks.get(index), ...(leash !== undefined && { leash }) }
  }

  ending(): { readonly reason: FinishReason; readonly responseMetadata: Record<string, unknown> } {
    const reason = lookup(reasons, asString(this.#metadata.finish_reason)) ?? 'stop'
    return { reason, responseMetadata: this.#metadata }
  }
}
