import { type Call, type Result, textOf, withBody } from '../core/call.js'
import { messageOf } from '../core/errors.js'
import { parseJson } from '../core/json.js'
import type { Lazy } from '../core/lazy.js'
import type { Accounts } from '../core/ledger.js'
import type { ChatResponse } from '../core/message.js'
import type { Middleware, Next } from '../core/middleware.js'
import { type Nano, usdOf } from '../core/money.js'
import { abortError, deadlineError, timeLeft } from '../core/signals.js'
import type { Value } from '../core/store.js'
import { untilStopped } from '../core/until-stopped.js'
import { answerReader } from '../protocols/answer.js'
import { questionIn } from '../protocols/question.js'
import { ages } from './cache/asked.js'
import { BehindCallers } from './cache/behind.js'
import { keeper } from './cache/keep.js'
import { type Found, pack, unpack } from './cache/kept.js'
import { everything, Keys, longNumbersIn, spaceOf } from './cache/key.js'
import { book, serve, tell } from './cache/serve.js'
import { likeness } from './semantic-cache/agreement.js'
import { type EmbedDeps, embedderFor } from './semantic-cache/embed.js'
import { MemoryIndex } from './semantic-cache/memory-index.js'
import type { Embedder, Nearest, SemanticCacheOptions, VectorIndex } from './semantic-cache/options.js'
import { unit } from './semantic-cache/vectors.js'

export interface SemanticCacheDeps extends EmbedDeps {
  readonly accounts?: Lazy<Accounts> | undefined
  /** From 0 to below 1. @defaultValue Math.random */
  readonly random?: () => number
}

/** Since the leash was made, and in this process. */
export interface SemanticCacheStats {
  readonly hits: number
  readonly misses: number
  readonly kept: number
  /** Answers given again for which another was fetched, to be compared. */
  readonly checked: number
  /** Those among them with which the other did not agree. */
  readonly disagreed: number
  readonly savedUsd: number
  readonly entries?: number
  readonly bytes?: number
}

/** What two texts must have in common beside their meaning: a model that embeds finds invoice 17 and invoice 18 the same. */
const figures = /\p{N}+(?:[.,:]\p{N}+)*/gu

/** Of a question that is compared, in characters. Models that embed take no more, or look at the beginning alone. */
const longest = 20_000

/** A question, as far as it is known who may share its answer. */
interface Asked {
  readonly space: string
  readonly vector: Float32Array
  readonly embedder: Embedder
  readonly ttlMs: number
}

/** Gives the answer to one question to whoever asks nearly the same. */
export class SemanticCache {
  readonly #options: SemanticCacheOptions
  readonly #deps: SemanticCacheDeps
  readonly #index: VectorIndex
  readonly #keys: Keys
  readonly #ageOf: (call: Call) => number
  readonly #behind: BehindCallers
  readonly #counts = { hits: 0, misses: 0, kept: 0, checked: 0, disagreed: 0 }
  readonly #writing = new Set<Promise<void>>()
  #saved: Nano = 0

  constructor(options: SemanticCacheOptions, deps: SemanticCacheDeps) {
    const { maxEntries = 10_000, maxBytes = 64 * 1024 * 1024, ignore = [] } = options
    this.#options = options
    this.#deps = deps
    this.#index = options.index ?? new MemoryIndex(maxEntries, maxBytes)
    this.#keys = new Keys({ ignore, maxBytes: 0 })
    this.#ageOf = ages(options)
    this.#behind = new BehindCallers(deps.emitter)
  }

  readonly middleware: Middleware = (next) => {
    const cache = this
    return async function semanticallyCached(call) {
      const { report, signal } = call
      const asked = await cache.#asked(call, next)
      if (signal?.aborted) throw abortError(signal)
      if (!asked) return next(call)
      const anew = call.options.cache === 'refresh'
      const near = anew ? undefined : await cache.#nearest(asked, call)
      const result = near && cache.#hit(near, asked, call, next)
      if (result) return result
      cache.#counts.misses++
      report.cache = anew ? 'refresh' : 'miss'
      return cache.#ask(asked, call, next)
    }
  }

  stats(): SemanticCacheStats {
    return { ...this.#counts, savedUsd: usdOf(this.#saved), ...this.#index.stats?.() }
  }

  /**
   * @param of whose answers; without it everybody's
   * @returns how many there were
   */
  async clear(of?: { readonly tenant: string }): Promise<number> {
    await this.#flush()
    return this.#index.clear(of ? spaceOf(of.tenant) : everything)
  }

  close(): Promise<void> {
    this.#behind.close()
    return this.#flush()
  }

  async #flush(): Promise<void> {
    await Promise.all(this.#writing)
  }

  /** Undefined for a call that is answered by itself. What makes vectors may fail; the call goes on without. */
  async #asked(call: Call, next: Next): Promise<Asked | undefined> {
    const { embed, compare = 'last-user' } = this.#options
    const ttlMs = this.#ageOf(call)
    const question = ttlMs > 0 ? questionIn(call.protocol, call.body, compare) : undefined
    if (!question || question.text.trim() === '' || question.text.length > longest) return undefined
    const embedder = embedderFor(embed, call, next, this.#deps)
    const alike = [compare, embedder.name, longNumbersIn(textOf(call) ?? ''), ...(question.text.match(figures) ?? [])]
    const known = await this.#keys.of(withBody(call, { ...question.rest, '': alike }))
    if (!known) return undefined
    const vector = await this.#guarded(call, async () => unit((await embedder.embed([question.text]))[0] ?? new Float32Array()))
    return vector && { space: known.key, vector, embedder, ttlMs }
  }

  async #nearest({ space, vector }: Asked, call: Call): Promise<Nearest | undefined> {
    const { threshold = 0.95 } = this.#options
    return this.#guarded(call, async () => this.#index.nearest(space, vector, threshold))
  }

  #hit({ similarity, value }: Nearest, asked: Asked, call: Call, next: Next): Result | undefined {
    const found = unpack(value)
    if (!found || Date.now() - found.head.about.at > Math.min(found.head.about.ttlMs, asked.ttlMs)) return undefined
    const { sample = 0.02 } = this.#options
    const { about } = found.head
    call.report.cache = 'similar'
    call.report.similarity = similarity
    this.#counts.hits++
    this.#saved += about.cost ?? 0
    tell(call.report, about)
    book(this.#deps.accounts, call, about)
    if ((this.#deps.random ?? Math.random)() < sample) this.#check(found, similarity, asked, call, next)
    return serve(found, call, false)
  }

  #ask(asked: Asked, call: Call, next: Next, heard?: (answer: ChatResponse | undefined) => void): Promise<Result> {
    const { refusals = false, maxAnswerBytes = 1024 * 1024 } = this.#options
    const keep = keeper(call, {
      ttlMs: asked.ttlMs,
      refusals,
      maxAnswerBytes,
      put: (kept, answer) => {
        heard?.(answer)
        this.#put(asked, pack(kept))
      },
    })
    return next(call).then(keep)
  }

  /** Nobody waits for an index that is far away. */
  #put({ space, vector, ttlMs }: Asked, value: Value): void {
    this.#counts.kept++
    const added = this.#guarded({}, async () => this.#index.add(space, vector, value, ttlMs))
    const written = added.then(() => void this.#writing.delete(written))
    this.#writing.add(written)
  }

  /** Asks what the caller asked, and compares. The answer is kept with the question that was really its own. */
  #check({ head, content }: Found, similarity: number, asked: Asked, call: Call, next: Next): void {
    const { agreement = 0.8 } = this.#options
    const { emitter } = this.#deps
    let fresh: ChatResponse | undefined
    const ask = (again: Call) => this.#ask(asked, again, next, (answer) => (fresh = answer))
    this.#behind.ask(call.id, call, ask, async () => {
      const reader = await answerReader(call.protocol)
      if (!reader || !fresh) return
      const given =
        typeof content === 'string'
          ? reader.body(parseJson(content), head.about.model)
          : reader.stream([content], head.about.model)
      const near = await likeness(given, fresh, asked.embedder)
      const agrees = near >= agreement
      this.#counts.checked++
      if (!agrees) this.#counts.disagreed++
      if (emitter.heard('similar')) emitter.emit('similar', { callId: call.id, similarity, likeness: near, agrees })
    })
  }

  /** An index or a model that cannot be reached harms no call. What stops the call is no failure of theirs. */
  #guarded<T>(stops: Pick<Call, 'signal' | 'deadline'>, work: () => Promise<T>): Promise<T | undefined> {
    const without = (error: unknown) => {
      if (stops.signal?.aborted) throw abortError(stops.signal)
      if (timeLeft(stops.deadline) === 0) throw deadlineError()
      const why = messageOf(error)
      this.#deps.emitter.emit('warning', { message: `The semantic cache was gone around: ${why}` })
      return undefined
    }
    return untilStopped(work().catch(without), stops)
  }
}
