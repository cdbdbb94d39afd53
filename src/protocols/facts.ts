/**
 * What an answer says of itself: its id, the model that gave it, and why it ended. Read where it stands, in a body or in the
 * events of a stream. One table for all protocols, loaded only where somebody tells of calls.
 */
import { asArray, asObject, asString, parseJson } from '../core/json.js'
import type { Unframer } from './framing/framing.js'
import { protocolAtHand } from './index.js'
import { lookup } from './lookup.js'

export interface Facts {
  id?: string
  model?: string
  /** In the vendor's own words, one for each choice. */
  finish?: string[]
}

interface Words {
  readonly id: readonly string[]
  readonly model: readonly string[]
  readonly finish: readonly string[]
  /** Stands in every event that tells why the answer ended. */
  readonly ending: RegExp
}

const tables: Readonly<Record<string, Words>> = {
  'openai-chat': { id: ['id'], model: ['model'], finish: ['choices.*.finish_reason'], ending: /"finish_reason":\s*"/ },
  'openai-responses': {
    id: ['id', 'response.id'],
    model: ['model', 'response.model'],
    finish: ['incomplete_details.reason', 'response.incomplete_details.reason', 'status', 'response.status'],
    ending: /"response\.(?:completed|incomplete|failed)"/,
  },
  'anthropic-messages': {
    id: ['id', 'message.id'],
    model: ['model', 'message.model'],
    finish: ['stop_reason', 'delta.stop_reason'],
    ending: /"stop_reason":\s*"/,
  },
  gemini: {
    id: ['responseId'],
    model: ['modelVersion'],
    finish: ['candidates.*.finishReason'],
    ending: /"finishReason":\s*"/,
  },
  'bedrock-converse': { id: [], model: [], finish: ['stopReason'], ending: /"stopReason":\s*"/ },
  'openai-embeddings': { id: [], model: ['model'], finish: [], ending: /^\b$/ },
}

const longest = 200

export function factsIn(protocol: string, body: unknown): Facts {
  const words = lookup(tables, protocol)
  return words ? read(words, body) : {}
}

/** Listens to a stream. Most of its events are looked at, and not taken apart. */
export class FactReader {
  readonly facts: Facts = {}
  readonly #frames: Unframer | undefined

  constructor(protocol: string) {
    const words = lookup(tables, protocol)
    if (!words) return
    let begun = false
    this.#frames = protocolAtHand(protocol)?.framing.unframer(({ data }) => {
      if (begun && !words.ending.test(data)) return
      const { id, model, finish } = read(words, parseJson(data))
      begun ||= id !== undefined || model !== undefined
      if (id !== undefined) this.facts.id ??= id
      if (model !== undefined) this.facts.model ??= model
      // A stream that is under way has a status too.
      if (finish && words.ending.test(data)) this.facts.finish = [...(this.facts.finish ?? []), ...finish].slice(0, longest)
    })
  }

  push(bytes: Uint8Array): void {
    this.#frames?.push(bytes)
  }
}

function read(words: Words, body: unknown): Facts {
  const [id] = strings(body, words.id)
  const [model] = strings(body, words.model)
  const finish = strings(body, words.finish)
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(finish.length > 0 && { finish }),
  }
}

/** Of the first path that leads to any. */
function strings(body: unknown, paths: readonly string[]): string[] {
  for (const path of paths) {
    let values: unknown[] = [body]
    for (const name of path.split('.')) {
      values = values.flatMap((value) => (name === '*' ? asArray(value) : [asObject(value)[name]]))
    }
    const found = values.flatMap((value) => asString(value)?.slice(0, longest) ?? [])
    if (found.length > 0) return found
  }
  return []
}
