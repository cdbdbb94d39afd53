/** A stream on its way past the modules that look at it as it comes. */
import type { StreamResult } from '../core/call.js'
import { atEnd, done, type Ending, Endings, endings, type TellingStream } from '../core/ending.js'
import { isLeashError, type LeashError } from '../core/errors.js'
import { joined } from '../protocols/framing/joined.js'
import type { Protocol } from '../protocols/protocol.js'
import type { ChunkStage } from './chunk-stage.js'
import { bytesOf, type Item, readItem, splitEvents } from './event-list.js'

export interface GuardedOptions {
  readonly protocol: Protocol
  readonly stages: readonly ChunkStage[]
  /** Told of what goes on to the caller. */
  hear(bytes: Uint8Array): void
  /** The stream has come to its own end. */
  whole(): Promise<void>
  /** In whatever way: before anybody further out is told. */
  over(ending: Ending): void
}

export class GuardedStream implements AsyncIterableIterator<Uint8Array>, TellingStream {
  readonly [endings] = new Endings()
  readonly #options: GuardedOptions
  readonly #source: AsyncIterator<Uint8Array>
  /** How the stream below has ended, once it has. */
  #below: { readonly ending: Ending } | undefined
  #rest: Uint8Array | undefined
  #isOver = false
  /** What is thrown once all that came before it has been read. */
  #failure: { readonly error: unknown } | undefined

  constructor(result: StreamResult, options: GuardedOptions) {
    this.#options = options
    const { body } = atEnd(result, (ending: Ending) => {
      this.#below = { ending }
    })
    this.#source = body[Symbol.asyncIterator]()
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    while (!this.#isOver) {
      const bytes = await this.#read()
      try {
        const value = bytes ? await this.#push(bytes) : await this.#close()
        if (value) return { done: false, value }
      } catch (error) {
        return this.#refused(error)
      }
    }
    if (!this.#failure) return done
    const { error } = this.#failure
    this.#failure = undefined
    throw error
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#isOver = true
    this.#failure = undefined
    await this.#source.return?.()
    this.#end(this.#below ? this.#below.ending : 'cancelled')
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** @returns undefined at the end */
  async #read(): Promise<Uint8Array | undefined> {
    try {
      const read = await this.#source.next()
      return read.done ? undefined : read.value
    } catch (error) {
      this.#failure = { error }
      return undefined
    }
  }

  async #push(bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const { stages, protocol, hear } = this.#options
    if (stages.length === 0) {
      hear(bytes)
      return bytes
    }
    const { raws, rest } = splitEvents(this.#rest ? joined([this.#rest, bytes]) : bytes, protocol.framing)
    this.#rest = rest.length > 0 ? rest : undefined
    const out: Item[] = []
    for (const raw of raws) out.push(...(await this.#through(readItem(raw, protocol.framing), 0)))
    const passed = this.#written(out)
    if (passed) hear(passed)
    return passed
  }

  async #through(item: Item, from: number): Promise<Item[]> {
    let items = [item]
    for (const stage of this.#options.stages.slice(from)) {
      const passed: Item[] = []
      for (const item of items) passed.push(...(await stage.push(item)))
      items = passed
    }
    return items
  }

  /** What is held back goes out before an error does. */
  async #close(): Promise<Uint8Array | undefined> {
    this.#isOver = true
    const { stages, whole, hear } = this.#options
    const out: Item[] = []
    for (const [index, stage] of stages.entries())
      for (const item of await stage.end()) out.push(...(await this.#through(item, index + 1)))
    const last = this.#written(out)
    const bytes = this.#rest ? joined(last ? [last, this.#rest] : [this.#rest]) : last
    if (bytes) hear(bytes)
    if (!this.#failure) await whole()
    this.#end(this.#below?.ending)
    return bytes
  }

  #written(items: readonly Item[]): Uint8Array | undefined {
    return items.length === 0 ? undefined : joined(items.map((item) => bytesOf(item, this.#options.protocol.framing)))
  }

  /** A module has said no: the caller is told in its own protocol, and nobody goes on writing. */
  async #refused(error: unknown): Promise<IteratorResult<Uint8Array>> {
    this.#isOver = true
    this.#failure = undefined
    await this.#source.return?.()
    if (!isLeashError(error) || error.code !== 'policy_blocked') {
      this.#end(isLeashError(error) ? error : this.#below?.ending)
      throw error
    }
    const value = await terminal(error, this.#options.protocol)
    this.#end(error)
    return { done: false, value }
  }

  #end(ending: Ending): void {
    if (this[endings].ended) return
    this.#options.over(ending)
    this[endings].end(ending)
  }
}

/** The last events of a stream that fails. */
async function terminal(error: LeashError, protocol: Protocol): Promise<Uint8Array> {
  const { downstream } = protocol.kind === 'chat' ? await protocol.codec() : {}
  // A protocol that nobody calls us in but its own SDK has the error of its framing.
  const events = downstream
    ? downstream.encodeStream({ messages: [] }).fail(error)
    : [{ event: 'error', data: JSON.stringify({ code: error.code, message: error.message }) }]
  return joined(events.map((event) => protocol.framing.frame(event)))
}
