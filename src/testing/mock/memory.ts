import { hashOf } from './ids.js'
import { countTokens } from './words.js'

/** One piece of a prompt, in the order in which a vendor caches prompts. */
export interface PromptBlock {
  readonly value: unknown
  /** The caller asked to cache the prompt up to and with this block, for so long. */
  readonly mark?: '5m' | '1h'
}

/** Tokens of a prompt: all of them, and those of them read from the prompt cache and written to it. */
export interface CacheFigures {
  readonly total: number
  readonly read: number
  readonly write5m: number
  readonly write1h: number
}

/** What a vendor remembers from one request to the next. */
export class Memory {
  readonly #requests = new Map<string, number>()
  readonly #prompts = new Set<string>()
  /** Stored responses: the items of their input and output, for `previous_response_id`. */
  readonly responses = new Map<string, readonly Record<string, unknown>[]>()
  /** Threads by the id of their newest message: all of their messages, for `previous_message_id`. */
  readonly threads = new Map<string, readonly Record<string, unknown>[]>()
  /** Stored items by id, for items that come back as their id alone. */
  readonly items = new Map<string, Record<string, unknown>>()
  /** The reasoning item that has to come back in front of an item that was made with it. */
  readonly reasoningOf = new Map<string, string>()

  /** How often this very request came before, so that a repeated one gets ids of its own. */
  ordinal(request: string): number {
    const key = hashOf(request)
    const before = this.#requests.get(key) ?? 0
    this.#requests.set(key, before + 1)
    return before
  }

  /** Vendors leave prompts under about a thousand tokens out of their caches; the mock takes any that is marked. */
  cache(blocks: readonly PromptBlock[]): CacheFigures {
    const lastMark = blocks.findLastIndex(({ mark }) => mark !== undefined)
    let chain = ''
    let total = 0
    let read = 0
    let write5m = 0
    let write1h = 0
    for (const [index, { value, mark }] of blocks.entries()) {
      chain = hashOf(chain + JSON.stringify(value))
      total += countTokens(value)
      // Behind the last mark nothing is looked up.
      if (index <= lastMark && this.#prompts.has(chain)) {
        read = total
        write5m = 0
        write1h = 0
      } else if (mark) {
        if (mark === '1h') write1h = total - read - write5m
        else write5m = total - read - write1h
        this.#prompts.add(chain)
      }
    }
    return { total, read, write5m, write1h }
  }

  clear(): void {
    this.#requests.clear()
    this.#prompts.clear()
    this.responses.clear()
    this.threads.clear()
    this.items.clear()
    this.reasoningOf.clear()
  }
}
