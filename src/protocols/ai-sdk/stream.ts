/** A stream's parts as neutral events. */

import { truncated } from '../../core/ending.js'
import type { EventOf, StreamEvent } from '../../core/events.js'
import { asObject, asString, isObject, type Members, parseJson } from '../../core/json.js'
import type { AssistantPart, Signature } from '../../core/message.js'
import { readError } from '../ai-sdk-model.js'
import { lookup } from '../lookup.js'
import type { DecodeContext, StreamDecoder } from '../protocol.js'
import { citationsOf } from './citations.js'
import { readFinish } from './finish.js'
import { readShown } from './media.js'
import { Parts } from './parts.js'
import { createdOf, readCall, readWarnings } from './response.js'
import { readCarried } from './signature.js'
import { readTier, readUsage } from './usage.js'
import { ours } from './wire.js'

const choice = 0

const handlers: Readonly<Record<string, (decoder: Decoder, part: Members) => void>> = {
  'stream-start': (decoder, { warnings }) => decoder.warned(warnings),
  'response-metadata': (decoder, part) => decoder.named(part),
  'text-start': (decoder, part) => decoder.begin(part, textOf(part)),
  'text-delta': (decoder, part) => decoder.grow(part),
  'text-end': (decoder, part) => decoder.endText(part),
  'reasoning-start': (decoder, part) =>
    decoder.begin(part, { type: 'reasoning', text: '', ...readCarried(part.providerMetadata) }),
  'reasoning-delta': (decoder, part) => decoder.grow(part),
  'reasoning-end': (decoder, part) => decoder.close(part),
  'tool-input-start': (decoder, part) => decoder.beginCall(part),
  'tool-input-delta': (decoder, part) => decoder.growCall(part),
  'tool-call': (decoder, part) => decoder.call(part),
  file: (decoder, part) => decoder.file(part),
  source: (decoder, part) => decoder.sources.push(part),
  finish: (decoder, part) => decoder.finish(part),
  error: (_, { error }) => {
    throw readError(error)
  },
}

/** Of no consequence for the answer. */
const passed: ReadonlySet<unknown> = new Set(['tool-input-end', 'ping', 'raw'])

function textOf({ providerMetadata }: Members): AssistantPart {
  if (asObject(asObject(providerMetadata)[ours]).refusal === true) return { type: 'refusal', text: '' }
  const { signature } = readCarried(providerMetadata)
  return { type: 'text', text: '', ...(signature && { signature }) }
}

class Decoder implements StreamDecoder {
  /** Those told of since the last text ended. */
  sources: Members[] = []
  readonly #context: DecodeContext
  readonly #parts = new Parts()
  /** Calls whose input has not been told yet, or is told in no JSON. */
  readonly #unsaid = new Set<number>()
  readonly #raw = new Set<unknown>()
  /** Some are told with a piece of their part, and not at its end. */
  readonly #signatures = new Map<number, Signature>()
  #started = false
  #finished = false
  #out: StreamEvent[] = []

  constructor(context: DecodeContext) {
    this.#context = context
  }

  push({ data }: { readonly data: string }): StreamEvent[] {
    const part = parseJson(data)
    this.#out = []
    if (isObject(part)) this.#read(part)
    return this.#out
  }

  end(): StreamEvent[] {
    if (!this.#finished) throw truncated()
    return []
  }

  #read(part: Members): void {
    const handle = lookup(handlers, part.type)
    if (handle) handle(this, part)
    else if (!passed.has(part.type))
      this.#lost(`Parts of the type "${String(part.type)}" belong to one provider, and are not translated.`)
  }

  #lost(why: string): void {
    this.#context.lose('content', 'dropped', why)
  }

  #tell(event: StreamEvent): void {
    if (!this.#started && event.type !== 'start') this.named({})
    this.#out.push(event)
  }

  warned(warnings: unknown): void {
    readWarnings(warnings, this.#context.lose)
  }

  named({ id, modelId, timestamp }: Members): void {
    if (this.#started) return
    this.#started = true
    const created = createdOf(timestamp)
    const model = asString(modelId) ?? this.#context.model
    this.#tell({ type: 'start', id: asString(id) ?? '', model, ...(created !== undefined && { created }) })
  }

  begin(part: Members, opened: AssistantPart): number {
    const { index } = this.#parts.begin(part)
    this.#tell({ type: 'part-start', choice, index, part: opened })
    return index
  }

  grow(part: Members): void {
    const index = this.#parts.of(part)
    if (index === undefined) return
    const { signature } = readCarried(part.providerMetadata)
    if (signature) this.#signatures.set(index, signature)
    this.#tell({ type: 'part-delta', choice, index, delta: asString(part.delta) ?? '' })
  }

  close(part: Members, known: Partial<EventOf<'part-end'>> = {}): void {
    const index = this.#parts.of(part)
    if (index === undefined) return
    const { signature = this.#signatures.get(index) } = readCarried(part.providerMetadata)
    this.#tell({ type: 'part-end', choice, index, ...known, ...(signature && { signature }) })
    this.#parts.end(part)
  }

  endText(part: Members): void {
    this.close(part, citationsOf(part.citations, this.sources))
    this.sources = []
  }

  beginCall(part: Members): void {
    if (part.providerExecuted === true) return
    const index = this.begin(part, {
      type: 'tool-call',
      id: asString(part.id) ?? '',
      name: asString(part.toolName) ?? '',
      arguments: '',
    })
    this.#unsaid.add(index)
    if (part.inputEncoding === 'text') this.#raw.add(part.id)
  }

  growCall(part: Members): void {
    const index = this.#parts.of(part)
    if (index === undefined || this.#raw.has(part.id)) return
    this.#unsaid.delete(index)
    this.grow(part)
  }

  call(part: Members): void {
    if (part.providerExecuted === true) {
      this.#lost('Tools that a provider runs by itself are not translated.')
      return
    }
    const whole = readCall(part)
    const begun = this.#parts.of(part)
    const index = begun ?? this.begin(part, { ...whole, arguments: '' })
    const unsaid = this.#unsaid.delete(index)
    if (unsaid || begun === undefined) this.#tell({ type: 'part-delta', choice, index, delta: whole.arguments })
    this.close(part)
  }

  file(part: Members): void {
    const file = readShown(part, (why) => this.#lost(why))
    if (!file) return
    const index = this.begin(part, file)
    this.#tell({ type: 'part-end', choice, index })
  }

  finish(part: Members): void {
    const { finishReason, usage } = part
    if (asObject(finishReason).unified === 'interrupted') throw truncated()
    this.#finished = true
    const used = readUsage(usage)
    const serviceTier = readTier(part)
    if (this.sources.length > 0) this.#lost('Sources that no text follows are not translated.')
    this.#tell({ type: 'finish', choice, reason: readFinish(finishReason) })
    if (used) this.#tell({ type: 'usage', usage: used })
    this.#tell({ type: 'end', ...(serviceTier !== undefined && { serviceTier }) })
  }
}

export function decodeStream(context: DecodeContext): StreamDecoder {
  return new Decoder(context)
}
