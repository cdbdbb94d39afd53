/** What was asked and answered, in the words of OpenTelemetry's messages. Images and sounds are named, and not copied. */
import type { Attributes } from '@opentelemetry/api'
import type { Call } from '../../core/call.js'
import type { JsonObject } from '../../core/json.js'
import type { AssistantPart, ChatResponse, MediaSource, Message, ToolResultPart, UserPart } from '../../core/message.js'
import { askedIn } from '../../protocols/asked.js'
import type { ChatCodec } from '../../protocols/protocol.js'
import { attribute } from './names.js'

/** Characters of one text. What is longer is cut, so that what is written stays JSON. */
const longestText = 16_384
/** Characters of one attribute: collectors refuse spans of some megabytes. */
const longestAttribute = 262_144
/** Of the parts of one message, so that one which is long is not left out as a whole. */
const longestParts = longestAttribute - 1024

type Part = AssistantPart | UserPart | ToolResultPart

export function requestContent(call: Call, codec: ChatCodec): Attributes {
  if (!codec.downstream) return {}
  const { messages, tools } = askedIn(call.body, codec.downstream)
  const system = messages.flatMap((message) => (message.role === 'system' ? message.content.map(partOf) : []))
  const others = messages.filter((message) => message.role !== 'system')
  return {
    ...written(attribute.system, system),
    ...written(attribute.inputMessages, others.map(messageOf)),
    ...written(
      attribute.tools,
      (tools ?? []).map(({ name, description, parameters }) => ({ type: 'function', name, description, parameters })),
    ),
  }
}

export function answerContent({ choices }: ChatResponse): Attributes {
  return written(
    attribute.outputMessages,
    choices.map(({ content, finishReason }) => ({
      role: 'assistant',
      parts: newest(content.map(partOf), longestParts),
      finish_reason: finishReason.replaceAll('-', '_'),
    })),
  )
}

const mostKept = 4 * 1024 * 1024

/** Collects a stream as far as it may be kept. */
export class Kept {
  readonly pieces: Uint8Array[] = []
  #bytes = 0

  get whole(): boolean {
    return this.#bytes <= mostKept
  }

  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.whole) this.pieces.push(bytes)
    else this.pieces.length = 0
  }
}

function messageOf({ role, content }: Message) {
  return { role, parts: newest(content.map(partOf), longestParts) }
}

function partOf(part: Part): JsonObject {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'text', content: cut(part.text) }
    case 'reasoning':
      return { type: 'reasoning', content: cut(part.text) }
    case 'tool-call':
      return { type: 'tool_call', id: part.id, name: part.name, arguments: cut(part.arguments) }
    case 'tool-result': {
      const said = part.content.map((inner) => (inner.type === 'text' ? inner.text : `[${inner.type}]`))
      return { type: 'tool_call_response', id: part.id, response: cut(said.join('\n')) }
    }
    case 'audio':
      return { ...mediaOf(part.source, 'audio'), ...(part.transcript !== undefined && { content: cut(part.transcript) }) }
    default:
      return mediaOf(part.source, part.type)
  }
}

function mediaOf(source: MediaSource, modality: string): JsonObject {
  switch (source.kind) {
    case 'url':
      // A data URL is the file itself.
      return source.url.startsWith('data:') ? { type: 'blob', modality } : { type: 'uri', modality, uri: cut(source.url) }
    case 'file-id':
      return { type: 'file', modality, file_id: source.id }
    case 'base64':
      return { type: 'blob', modality, mime_type: source.mediaType }
    case 'text':
      return { type: 'text', content: cut(source.text) }
  }
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}

/** Nothing for an empty list. */
function written(name: string, items: readonly unknown[]): Attributes {
  const fitting = newest(items, longestAttribute)
  return fitting.length > 0 ? { [name]: JSON.stringify(fitting) } : {}
}

/** As many from the end as fit: the newest are the ones that matter. */
function newest<T>(items: readonly T[], most: number): readonly T[] {
  let left = most
  const last = items.findLastIndex((item) => {
    left -= JSON.stringify(item).length
    return left < 0
  })
  return items.slice(last + 1)
}
