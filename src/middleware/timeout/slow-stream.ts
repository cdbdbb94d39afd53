/** Ends a stream that comes too slowly. */
import type { Call, Result, SlowStream, StreamResult } from '../../core/call.js'
import { atEnd, done, type Ending, Endings, endings, type TellingStream } from '../../core/ending.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import type { Next } from '../../core/middleware.js'
import { LinkedAbort } from '../../core/signals.js'
import type { Unframer } from '../../protocols/framing/framing.js'
import { protocolAtHand } from '../../protocols/index.js'
import type { Protocol, Tap } from '../../protocols/protocol.js'
import { charactersPerToken, saidIn } from '../../protocols/said.js'

export async function guarded(next: Next, call: Call, rule: SlowStream): Promise<Result> {
  const abort = new LinkedAbort(call.signal)
  try {
    const result = atEnd(await next({ ...call, signal: abort.signal }), () => abort.release())
    const protocol = protocolAtHand(call.protocol)
    if (!result.stream || !protocol) return result
    const guard = new SlowGuard(result, protocol, rule, abort)
    if (rule.hold) await guard.hold()
    return { ...result, body: guard }
  } catch (error) {
    abort.release()
    throw error
  }
}

/** In one window. */
const looks = 10

/**
 * A stream on its way to the caller, and how fast it comes. Only the time counts in which somebody waits for it: a caller
 * who reads slowly is not the vendor's fault. It begins with the first text, of thinking too, for until then a model may
 * think in silence; that is what `firstTokenMs` is for.
 */
class SlowGuard implements AsyncIterableIterator<Uint8Array>, TellingStream {
  readonly [endings] = new Endings()
  readonly #bytes: AsyncIterator<Uint8Array>
  readonly #frames: Unframer
  readonly #tap: Tap
  readonly #rule: Required<SlowStream>
  readonly #betweenLooks: number
  readonly #abort: LinkedAbort
  /** Read while held back, not handed on yet. */
  readonly #held: Uint8Array[] = []
  #ending: Ending
  #ended = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the read under way began. */
  #readAt: number | undefined
  /** Of this window: characters that came, and milliseconds that were waited. */
  #characters = 0
  #waitedMs = 0
  #windows = 0
  #begun = false

  constructor(result: StreamResult, { lens, framing }: Protocol, rule: SlowStream, abort: LinkedAbort) {
    this.#rule = { windowMs: 10_000, hold: false, ...rule }
    this.#betweenLooks = Math.ceil(this.#rule.windowMs / looks)
    this.#abort = abort
    const told = atEnd(result, (ending) => this.#end(ending))
    this.#bytes = told.body[Symbol.asyncIterator]()
    const tap = lens.tap()
    const frames = framing.unframer((event) => {
      tap.see(event)
      this.#characters += saidIn(lens, parseJson(event.data))
    })
    this.#frames = frames
    this.#tap = tap
  }

  /** Reads ahead until the stream has shown that it is fast enough. @throws LeashError when it has not, or fails before */
  async hold(): Promise<void> {
    const { tokensPerSecond, windowMs } = this.#rule
    const enough = () => this.#windows > 0 || this.#characters >= charactersIn(windowMs, tokensPerSecond)
    try {
      while (!enough() && !this.#tap.terminal) {
        const read = await this.#read()
        // A translated stream tells its failure as an event of the caller's protocol: nobody has read it yet.
        if (isLeashError(this.#ending)) throw this.#ending
        if (read.done) return
        this.#held.push(read.value)
      }
    } catch (error) {
      throw isLeashError(this.#ending) ? this.#ending : error
    }
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const held = this.#held.shift()
    return held ? Promise.resolve({ done: false, value: held }) : this.#read()
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#held.length = 0
    clearTimeout(this.#timer)
    await this.#bytes.return?.()
    return done
  }

  async #read(): Promise<IteratorResult<Uint8Array>> {
    this.#readAt = performance.now()
    this.#arm()
    try {
      const read = await this.#bytes.next()
      if (!read.done) this.#frames.push(read.value)
      return read
    } finally {
      this.#measure()
      this.#readAt = undefined
    }
  }

  /** Some timers for a window, and not one for each read: they look at what was waited when they fire. */
  #arm(): void {
    if (this.#timer !== undefined || this.#ended || !this.#begun || this.#tap.terminal) return
    this.#timer = setTimeout(this.#look, this.#betweenLooks)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    // With the next read it runs again.
    if (this.#readAt === undefined) return
    this.#measure()
    this.#arm()
  }

  #measure(): void {
    const now = performance.now()
    // A process that looks much later was held up itself, and has not read what came meanwhile.
    if (this.#begun && this.#readAt !== undefined) this.#waitedMs += Math.min(now - this.#readAt, 2 * this.#betweenLooks)
    this.#readAt = now
    this.#begun ||= this.#characters > 0
    if (this.#waitedMs < this.#rule.windowMs || this.#ended || this.#tap.terminal) return
    const wanted = charactersIn(this.#waitedMs, this.#rule.tokensPerSecond)
    if (this.#characters < wanted) this.#abort.abort(tooSlow(this.#rule))
    this.#windows++
    this.#characters = 0
    this.#waitedMs = 0
  }

  #end(ending: Ending): void {
    this.#ended = true
    this.#ending = ending
    clearTimeout(this.#timer)
    this[endings].end(ending)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

function charactersIn(ms: number, tokensPerSecond: number): number {
  return (ms / 1000) * tokensPerSecond * charactersPerToken
}

function tooSlow({ tokensPerSecond, windowMs }: Required<SlowStream>): LeashError {
  return new LeashError(
    'timeout',
    `The stream is too slow: fewer than ${tokensPerSecond} tokens per second for ${windowMs} ms. Lower \`slowStream.tokensPerSecond\`, or send the call again.`,
    { retryable: true },
  )
}
