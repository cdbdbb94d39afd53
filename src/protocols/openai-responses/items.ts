/** Output items on their way in: each kind opens parts, lets them grow and ends them in its own way. */
import { asArray, asObject, asString, isObject, type Members } from '../../core/json.js'
import type { Citation } from '../../core/message.js'
import { argumentsOf } from '../custom-tool.js'
import { decodeAnnotation, decodeAnnotations } from './annotations.js'
import { decodeLogprobs } from './logprobs.js'
import { joined } from './namespace.js'
import type { Part, PartEnd, PartRow } from './parts.js'
import { reasoningBase, reasoningParts } from './reasoning.js'
import { searchName } from './tool-search.js'
import { phaseOf } from './wire.js'

type Said = 'text' | 'refusal'

interface SaidPart {
  readonly part: Part
  readonly citations: Citation[]
  /** Of its item. */
  readonly known: PartEnd
  weighed: boolean
}

export const kindOf = (part: Members): Said => (part.type === 'refusal' ? 'refusal' : 'text')

/** `message`: texts and refusals by their `content_index`. */
export class MessageItem {
  refused = false
  readonly #row: PartRow
  readonly #known: PartEnd
  readonly #parts = new Map<unknown, SaidPart>()
  #last: SaidPart | undefined

  constructor(row: PartRow, item: Members) {
    this.#row = row
    this.#known = phaseOf(item)
  }

  partAdded(index: unknown, kind: Said): void {
    if (!this.#parts.has(index)) this.#open(index, kind)
  }

  delta(index: unknown, kind: Said, delta: string, logprobs?: unknown): void {
    const said = this.#at(index, kind)
    said.part.grow(delta)
    weigh(said, logprobs)
  }

  /** The words are whole. Citations may still come. */
  whole(index: unknown, kind: Said, words: string): void {
    this.#at(index, kind).part.complete(words)
  }

  cited(index: unknown, annotation: Members): void {
    this.#at(index, 'text').citations.push(decodeAnnotation(annotation))
  }

  partDone(index: unknown, part: Members): void {
    finish(this.#at(index, kindOf(part)), part)
  }

  /** Parts are matched by their place: not every server counts `content_index` as OpenAI does. */
  done(item: Members): void {
    const opened = [...this.#parts.values()]
    for (const [place, part] of asArray(item.content).entries()) {
      if (isObject(part)) finish(opened[place] ?? this.#open(place, kindOf(part)), part)
    }
    for (const said of opened) end(said)
  }

  /** Older vLLM announces no parts and counts `content_index` up with every delta: then the open part goes on. */
  #at(index: unknown, kind: Said): SaidPart {
    const last = this.#last
    return this.#parts.get(index) ?? (last && !last.part.ended && last.part.type === kind ? last : this.#open(index, kind))
  }

  #open(index: unknown, kind: Said): SaidPart {
    if (kind === 'refusal') this.refused = true
    this.#last = {
      part: this.#row.open({ type: kind, text: '', ...(kind === 'text' && this.#known) }),
      citations: [],
      known: this.#known,
      weighed: false,
    }
    this.#parts.set(index, this.#last)
    return this.#last
  }
}

function weigh(said: SaidPart, logprobs: unknown): void {
  const tokens = decodeLogprobs(logprobs)
  if (tokens.length > 0) said.weighed = true
  said.part.weigh(tokens)
}

function finish(said: SaidPart, part: Members): void {
  said.part.complete(asString(part.text) ?? asString(part.refusal) ?? '')
  if (!said.weighed) weigh(said, part.logprobs)
  end(said, decodeAnnotations(part.annotations))
}

function end({ part, citations, known }: SaidPart, listed: Citation[] = []): void {
  const all = listed.length > 0 ? listed : citations
  part.end({ ...(part.type === 'text' && known), ...(all.length > 0 && { citations: all }) })
}

/** `function_call`, `custom_tool_call` and `tool_search_call`: one part, opened when its name is known. Only the first is told in pieces. */
export class FunctionCallItem {
  readonly #row: PartRow
  #part: Part | undefined
  #early = ''

  constructor(row: PartRow, item: Members) {
    this.#row = row
    this.#open(item)
  }

  delta(delta: string): void {
    if (this.#part) this.#part.grow(delta)
    else this.#early += delta
  }

  whole(args: string): void {
    this.#part?.complete(args)
  }

  done(item: Members): void {
    this.#open(item)
    this.#part?.complete(argumentsIn(item))
    this.#part?.end()
  }

  #open(item: Members): void {
    const id = asString(item.call_id) || asString(item.id)
    const name = nameIn(item)
    if (this.#part || !id || !name) return
    this.#part = this.#row.open({ type: 'tool-call', id, name, arguments: '' })
    this.#part.grow(this.#early)
  }
}

function nameIn({ type, namespace, name }: Members): string | undefined {
  const own = type === 'tool_search_call' ? searchName : asString(name)
  return own && joined(namespace, own)
}

function argumentsIn(item: Members): string {
  if (item.type === 'custom_tool_call') return argumentsOf(item.input)
  if (item.type === 'tool_search_call') return JSON.stringify(asObject(item.arguments))
  return asString(item.arguments) ?? ''
}

/** `reasoning`: summaries and texts by their index. The last part stays open until the item ends, for its signature. */
export class ReasoningItem {
  readonly #row: PartRow
  readonly #id: Members
  readonly #parts = new Map<string, Part>()
  #last: Part | undefined

  constructor(row: PartRow, item: Members) {
    this.#row = row
    this.#id = item
  }

  partAdded(kind: 'summary' | 'content', index: unknown): Part {
    const key = `${kind} ${index}`
    const known = this.#parts.get(key)
    if (known) return known
    this.#last?.end()
    this.#last = this.#row.open({ ...reasoningBase(this.#id), text: '', ...(kind === 'summary' && { summary: true }) })
    this.#parts.set(key, this.#last)
    return this.#last
  }

  /** The `encrypted_content` of a finished item is the one to send back, that of an added item may be incomplete. */
  done(item: Members): void {
    const opened = [...this.#parts.values()]
    for (const [place, { signature, text, ...rest }] of reasoningParts(item).entries()) {
      const known = opened[place]
      if (!known) this.#last?.end()
      const part = known ?? this.#row.open({ ...rest, text: '' })
      part.complete(text)
      if (!known) this.#last = part
      if (signature) (this.#last ?? part).end({ signature })
    }
    this.#last?.end()
  }
}
