/** Neutral events as the parts of the AI SDK's streams. */
import type { LeashError } from '../../core/errors.js'
import type { EventOf, StreamEvent } from '../../core/events.js'
import type { AssistantPart, FinishReason } from '../../core/message.js'
import type { Usage } from '../../core/usage.js'
import { writeError } from '../ai-sdk-model.js'
import type { StreamEncoder, WireEvent } from '../protocol.js'
import { Sources } from './citations.js'
import { writeFinish } from './finish.js'
import { writeFile } from './media.js'
import { startsOf } from './parts.js'
import { timestampOf } from './response.js'
import { metadataOf } from './signature.js'
import { writeUsage } from './usage.js'
import type { WireStreamPart } from './wire.js'

type Handlers = { readonly [Type in StreamEvent['type']]: (writer: Writer, event: EventOf<Type>) => void }

const handlers: Handlers = {
  start: (writer, event) => writer.start(event),
  'part-start': (writer, event) => writer.begin(event),
  'part-delta': (writer, event) => writer.grow(event),
  'part-end': (writer, event) => writer.close(event),
  // The AI SDK has no word for them.
  logprobs: () => {},
  finish: (writer, { reason }) => {
    writer.reason = reason
  },
  usage: (writer, { usage }) => {
    writer.usage = usage
  },
  end: (writer) => writer.finish(),
}

/** A part under way: audio and arguments are told as a whole when they end. */
interface Open {
  readonly part: AssistantPart
  readonly id: string
  grown: string
}

class Writer {
  reason: FinishReason = 'other'
  usage: Usage | undefined
  /** The ids that the caller has been told, by the index of their part. */
  ids: readonly (string | undefined)[] = []
  readonly #open = new Map<number, Open>()
  readonly #sources = new Sources()
  #out: WireStreamPart[] = []

  push<Type extends StreamEvent['type']>(event: EventOf<Type>): WireStreamPart[] {
    if ('choice' in event && event.choice !== 0) return []
    const handle: (writer: Writer, event: EventOf<Type>) => void = handlers[event.type as Type]
    handle(this, event)
    return this.taken()
  }

  taken(): WireStreamPart[] {
    const out = this.#out
    this.#out = []
    return out
  }

  tell(...parts: WireStreamPart[]): void {
    this.#out.push(...parts)
  }

  start({ id, model, created }: EventOf<'start'>): void {
    const timestamp = created === undefined ? {} : { timestamp: timestampOf(created) }
    this.tell({ type: 'stream-start', warnings: [] }, { type: 'response-metadata', id, modelId: model, ...timestamp })
  }

  begin({ index, part }: EventOf<'part-start'>): void {
    const id = this.ids[index] ?? (part.type === 'tool-call' ? part.id : String(index))
    this.#open.set(index, { part, id, grown: '' })
    switch (part.type) {
      case 'text':
        this.tell({ type: 'text-start', id, ...metadataOf(part) })
        break
      case 'refusal':
        this.tell({ type: 'text-start', id, ...metadataOf({}, { refusal: true }) })
        break
      case 'reasoning':
        this.tell({ type: 'reasoning-start', id, ...metadataOf(part) })
        break
      case 'tool-call':
        this.tell({ type: 'tool-input-start', id, toolName: part.name })
        break
      default:
        return
    }
    const known = part.type === 'tool-call' ? part.arguments : part.text
    if (known !== '') this.grow({ type: 'part-delta', choice: 0, index, delta: known })
  }

  grow({ index, delta }: EventOf<'part-delta'>): void {
    const open = this.#open.get(index)
    if (!open || delta === '') return
    open.grown += open.part.type === 'tool-call' || open.part.type === 'audio' ? delta : ''
    const { id } = open
    switch (open.part.type) {
      case 'text':
      case 'refusal':
        this.tell({ type: 'text-delta', id, delta })
        break
      case 'reasoning':
        this.tell({ type: 'reasoning-delta', id, delta })
        break
      case 'tool-call':
        this.tell({ type: 'tool-input-delta', id, delta })
    }
  }

  close({ index, signature, citations = [], transcript }: EventOf<'part-end'>): void {
    const open = this.#open.get(index)
    if (!open) return
    this.#open.delete(index)
    const { id, part, grown } = open
    const carried = 'signature' in part && part.signature ? { signature: part.signature } : {}
    const metadata = metadataOf({ ...carried, ...(signature && { signature }) })
    switch (part.type) {
      case 'text':
      case 'refusal': {
        const cited = this.#sources.cite(citations)
        const told = cited.citations.length > 0 ? { citations: cited.citations } : {}
        this.tell({ type: 'text-end', id, ...told, ...metadata }, ...cited.sources)
        break
      }
      case 'reasoning':
        // What is told last takes the place of what was told first.
        this.tell({ type: 'reasoning-end', id, ...metadataOf({ ...part, ...(signature && { signature }) }) })
        break
      case 'tool-call':
        this.tell(
          { type: 'tool-input-end', id },
          { type: 'tool-call', toolCallId: part.id, toolName: part.name, input: grown || '{}', ...metadata },
        )
        break
      default: {
        const { source } = part
        const whole = source.kind === 'base64' ? { ...source, data: source.data + grown } : source
        const file = writeFile({
          ...part,
          source: whole,
          ...(part.type === 'audio' && transcript !== undefined && { transcript }),
        })
        if (file) this.tell(file)
      }
    }
  }

  finish(): void {
    for (const index of [...this.#open.keys()]) this.close({ type: 'part-end', choice: 0, index })
    this.tell({ type: 'finish', finishReason: writeFinish(this.reason), usage: writeUsage(this.usage) })
  }

  fail(error: LeashError): WireStreamPart[] {
    this.tell(
      { type: 'error', error: writeError(error) },
      { type: 'finish', finishReason: { unified: 'error', raw: error.code }, usage: writeUsage(this.usage) },
    )
    return this.taken()
  }
}

const frame = (part: WireStreamPart): WireEvent => ({ data: JSON.stringify(part) })

export function encodeStream(): StreamEncoder {
  const writer = new Writer()
  return {
    push: (event) => writer.push(event).map(frame),
    fail: (error) => writer.fail(error).map(frame),
    adopt(told) {
      writer.ids = startsOf(told)
      return false
    },
  }
}
