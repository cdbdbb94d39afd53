/**
 * What an answer says of itself: its id, the model that gave it, and why it ended. Read where it stands, in a body or in the
 * events of a stream. One table for all protocols, loaded only where somebody tells of calls.
 */
import { parseJson } from '../core/json.js'
import type { Unframer } from './framing/framing.js'
import { protocolAtHand } from './index.js'
import { lookup } from './lookup.js'
import { at, type Path, stringsAt } from './path.js'

export interface Facts {
  id?: string
  model?: string
  /** In the vendor's own words, one for each choice. */
  finish?: string[]
}

interface Words {
  readonly id: readonly Path[]
  readonly model: readonly Path[]
  readonly finish: readonly Path[]
  /** Stands in every event that tells why the answer ended. */
  readonly ending: RegExp
  /** Stands in every event that names the answer, where others have ids of their own. */
  readonly naming?: RegExp
  /** Of a whole answer that begins with its id and model: where it says why it ended. Not in a text, where quotes are escaped. */
  readonly skims?: string
}

const tables: Readonly<Record<string, Words>> = {
  'openai-chat': {
    id: at('id'),
    model: at('model'),
    finish: at('choices.*.finish_reason'),
    ending: /"finish_reason":\s*"/,
    skims: '"finish_reason"',
  },
  'openai-responses': {
    id: at('id', 'response.id'),
    model: at('model', 'response.model'),
    finish: at('incomplete_details.reason', 'response.incomplete_details.reason', 'status', 'response.status'),
    ending: /"response\.(?:completed|incomplete|failed)"/,
  },
  'anthropic-messages': {
    id: at('id', 'message.id'),
    model: at('model', 'message.model'),
    finish: at('stop_reason', 'delta.stop_reason'),
    ending: /"stop_reason":\s*"/,
    skims: '"stop_reason"',
  },
  gemini: {
    id: at('responseId'),
    model: at('modelVersion'),
    finish: at('candidates.*.finishReason'),
    ending: /"finishReason":\s*"/,
  },
  'bedrock-converse': { id: at(), model: at(), finish: at('stopReason'), ending: /"stopReason":\s*"/ },
  'ai-sdk': {
    id: at('response.id', 'id'),
    model: at('response.modelId', 'modelId'),
    finish: at('finishReason.unified'),
    ending: /"type":"finish"/,
    naming: /"type":"response-metadata"/,
  },
  'openai-embeddings': { id: at(), model: at('model'), finish: at(), ending: /^\b$/ },
}

const longest = 200
const newline = 0x0a
/** The members that an object begins with, up to the first that is an object or a list. */
const flat = /^\s*\{[^[{]*/

/** After an answer has ended come what was used, and what was filtered: events that vendors send a few of. */
const lastPieces = 12

/**
 * Parses an answer that has a text only where it cannot do without.
 *
 * @param choices how many answers were asked for
 */
export function factsIn(protocol: string, answer: { readonly text?: string; readonly body: unknown }, choices = 1): Facts {
  const words = lookup(tables, protocol)
  return words ? (skimmed(words, answer.text, choices) ?? read(words, answer.body)) : {}
}

function skimmed({ skims }: Words, text: string | undefined, choices: number): Facts | undefined {
  if (!skims || text === undefined) return undefined
  // What stands in an inner object is another's.
  const [head = ''] = flat.exec(text) ?? []
  const id = wordBehind(head, '"id"')
  const model = wordBehind(head, '"model"')
  if (id === undefined || model === undefined) return undefined
  const finish = reasonsIn(text, skims, choices)
  return { id, model, ...(finish.length > 0 && { finish }) }
}

/** They stand behind what was answered, and are looked for from the end. */
function reasonsIn(text: string, member: string, most: number): string[] {
  const reasons: string[] = []
  for (let at = text.lastIndexOf(member); at >= 0 && reasons.length < most; at = at > 0 ? text.lastIndexOf(member, at - 1) : -1) {
    const reason = wordBehind(text, member, at)
    if (reason !== undefined) reasons.unshift(reason)
  }
  return reasons
}

/** The string that is the value of a member, or undefined. Parsed, since a mere part of the text would keep all of it in memory. */
function wordBehind(text: string, member: string, at = text.indexOf(member)): string | undefined {
  if (at < 0) return undefined
  let from = at + member.length
  while (text[from] === ' ' || text[from] === ':') from++
  if (text[from] !== '"') return undefined
  const word = parseJson(text.slice(from, text.indexOf('"', from + 1) + 1))
  return typeof word === 'string' ? word.slice(0, longest) : undefined
}

/** Listens to a stream. Most of its events are kept for a while, and never looked at. */
export class FactReader {
  readonly #facts: Facts = {}
  readonly #words: Words | undefined
  readonly #frames: Unframer | undefined
  readonly #text = new TextDecoder()
  /** Whole events that nobody has looked at: only an end that is near can be among them. */
  readonly #skipped: Uint8Array[] = []
  readonly #several: boolean
  #begun = false
  /** The bytes before ended where an event ended. */
  #whole = false

  /** @param choices how many answers the stream has: each of them may end long before the others */
  constructor(protocol: string, choices = 1) {
    const words = lookup(tables, protocol)
    this.#several = choices > 1
    if (!words) return
    this.#words = words
    this.#frames = protocolAtHand(protocol)?.framing.unframer(({ data }) => {
      if ((this.#begun || words.naming?.test(data) === false) && !words.ending.test(data)) return
      const { id, model, finish } = read(words, parseJson(data))
      this.#begun ||= id !== undefined || model !== undefined
      if (id !== undefined) this.#facts.id ??= id
      if (model !== undefined) this.#facts.model ??= model
      // A stream that is under way has a status too.
      if (finish && words.ending.test(data)) this.#facts.finish = [...(this.#facts.finish ?? []), ...finish].slice(0, longest)
    })
  }

  push(bytes: Uint8Array): void {
    const whole = this.#whole
    this.#whole = bytes[bytes.length - 1] === newline && bytes[bytes.length - 2] === newline
    // Streams that end their lines otherwise are read the long way.
    if (this.#begun && whole && this.#whole) this.#skip(bytes)
    else {
      this.#catchUp()
      this.#frames?.push(bytes)
    }
  }

  /** What the stream has said up to here. */
  get facts(): Facts {
    this.#catchUp()
    return this.#facts
  }

  #skip(bytes: Uint8Array): void {
    this.#skipped.push(bytes)
    if (this.#skipped.length <= lastPieces) return
    const oldest = this.#skipped.shift()
    if (oldest && this.#several) this.#look(oldest)
  }

  #catchUp(): void {
    for (const bytes of this.#skipped.splice(0)) this.#look(bytes)
  }

  #look(bytes: Uint8Array): void {
    if (this.#words?.ending.test(this.#text.decode(bytes))) this.#frames?.push(bytes)
  }
}

function read(words: Words, body: unknown): Facts {
  const facts: Facts = {}
  const [id] = strings(body, words.id)
  const [model] = strings(body, words.model)
  const finish = strings(body, words.finish)
  if (id !== undefined) facts.id = id
  if (model !== undefined) facts.model = model
  if (finish.length > 0) facts.finish = finish
  return facts
}

/** Of the first path that leads to any. */
function strings(body: unknown, paths: readonly Path[]): string[] {
  for (const path of paths) {
    const found = stringsAt(body, path)
    if (found.length > 0) return found.map((value) => value.slice(0, longest))
  }
  return []
}
