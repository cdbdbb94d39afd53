/**
 * Lines of the ledger on their way to the relay, many at a time. A line may arrive twice, when an answer was lost; the relay
 * counts it once, by its id. What cannot be delivered waits: on disk where there is one, and otherwise in memory, as far as
 * there is room.
 */
import { isLeashError, type LeashError } from '../core/errors.js'
import type { LedgerSink } from '../core/ledger.js'
import { later } from '../core/timers.js'
import { Backoff } from './backoff.js'
import type { Connection } from './connection.js'
import type { Spool } from './spool.js'

/** Of one request. */
const batchLines = 500
const batchBytes = 1024 * 1024

export interface OutboxDeps {
  readonly connection: Connection
  /** Where lines wait that cannot be delivered. */
  readonly spool: () => Promise<Spool | undefined>
  readonly warn: (message: string) => void
  /** In memory. @defaultValue 10000 */
  readonly mostLines?: number
  /** In memory. @defaultValue 8388608 (8 MiB) */
  readonly mostBytes?: number
  /** Milliseconds until fewer lines than make a batch are sent all the same. @defaultValue 1000 */
  readonly soonMs?: number
  /** How often it is looked whether another process has left lines on disk. @defaultValue 60000 */
  readonly adoptMs?: number
}

export class Outbox {
  readonly #deps: OutboxDeps
  readonly #mostLines: number
  readonly #mostBytes: number
  readonly #backoff = new Backoff()
  #stop = new AbortController()
  /** As JSON, the oldest first. */
  #waiting: string[] = []
  #bytes = 0
  /** On their way to the relay. */
  #sending: readonly string[] = []
  /** On their way to the disk. */
  readonly #writing = new Set<readonly string[]>()
  /** Once it is open. */
  #disk: Spool | undefined
  #lost = 0
  /** What the relay has against one of them. */
  #why = ''
  #due: (() => void) | undefined
  #retry: (() => void) | undefined
  #delivering: Promise<void> | undefined
  #spilling: Promise<void> | undefined
  #told = ''
  #forgetAdopt: (() => void) | undefined
  #closed = false

  constructor(deps: OutboxDeps) {
    this.#deps = deps
    this.#mostLines = deps.mostLines ?? 10_000
    this.#mostBytes = deps.mostBytes ?? 8 * 1024 * 1024
  }

  /** No line is taken before there is a place to leave it at the end of the process, where there is one. */
  async open(): Promise<void> {
    await this.#spool()
  }

  /** Nobody waits for it. */
  readonly sink: LedgerSink = (lines) => {
    for (const line of lines) {
      const text = JSON.stringify(line)
      this.#waiting.push(text)
      this.#bytes += text.length
    }
    if (this.#isFull()) this.#spilling ??= this.#spill()
    if (this.#waiting.length >= batchLines && !this.#backoff.waiting) void this.deliver()
    else this.#soon()
  }

  /** Looks for what processes before this one have left, and goes on looking. */
  async adopt(): Promise<void> {
    const spool = await this.#spool()
    if (!spool || this.#closed) return
    await spool.adopt()
    if (!spool.isEmpty) this.#soon()
    this.#forgetAdopt = later(this.#deps.adoptMs ?? 60_000, () => void this.adopt().catch(() => {}))
  }

  /** Sends all that waits, as far as the relay takes it. */
  deliver(): Promise<void> {
    this.#forgetTimers()
    this.#delivering ??= this.#deliver().finally(() => {
      this.#delivering = undefined
      if (this.#waiting.length > 0) this.#soon()
    })
    return this.#delivering
  }

  /** Tries for so long to deliver what waits, and leaves the rest on disk. */
  async close(deadlineMs = 5000): Promise<void> {
    this.#closed = true
    this.#forgetAdopt?.()
    const forget = later(deadlineMs, () => this.#stop.abort())
    await this.#delivering
    await this.deliver()
    forget()
    this.#forgetTimers()
    await this.#spilling
    await this.#spill()
    this.#lose(this.#waiting.splice(0).length)
    this.#bytes = 0
    this.#tellLost()
    this.#stop = new AbortController()
    await (await this.#spool())?.close()
  }

  /** Leaves on disk what waits, at once, for the process is at its end. A line that was under way may then come twice. */
  keep(): void {
    try {
      this.#disk?.leave([...this.#sending, ...[...this.#writing].flat(), ...this.#waiting])
    } catch {
      // Nobody is left to be told.
    }
  }

  /** Fewer lines than make a batch are sent too; while the relay is away, they are safer on disk. */
  #soon(): void {
    this.#due ??= later(this.#deps.soonMs ?? 1000, () => {
      this.#due = undefined
      // Calls that were under way when the leash was closed end later.
      if (this.#closed) void this.close()
      else void (this.#backoff.waiting ? this.#spill() : this.deliver())
    })
  }

  #again(ms: number): void {
    if (!this.#closed) this.#retry ??= later(ms, () => void this.deliver())
  }

  #forgetTimers(): void {
    this.#due?.()
    this.#retry?.()
    this.#due = undefined
    this.#retry = undefined
  }

  async #deliver(): Promise<void> {
    const { signal } = this.#stop
    try {
      const spool = await this.#spool()
      while (!signal.aborted) {
        const file = spool?.first()
        if (spool && file) {
          const { lines, broken } = await spool.read(file)
          await this.#sendAll(lines)
          await spool.remove(file)
          this.#lose(broken)
        } else if (this.#waiting.length > 0) await this.#sendWaiting()
        else break
      }
      this.#told = ''
    } catch (error) {
      this.#failed(error)
      await this.#spill()
    }
    this.#tellLost()
  }

  async #sendWaiting(): Promise<void> {
    const count = batchEnd(this.#waiting, 0)
    const batch = this.#waiting.splice(0, count)
    this.#bytes -= sizeOf(batch)
    this.#sending = batch
    try {
      await this.#send(batch)
    } catch (error) {
      this.#waiting.unshift(...batch)
      this.#bytes += sizeOf(batch)
      throw error
    } finally {
      this.#sending = []
    }
  }

  async #sendAll(lines: readonly string[]): Promise<void> {
    for (let at = 0, end = 0; at < lines.length; at = end) {
      end = batchEnd(lines, at)
      await this.#send(lines.slice(at, end))
    }
  }

  /** A line that the relay will never take must not hold up the others: it is looked for by halves. */
  async #send(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    try {
      await this.#deps.connection.postPacked('/v1/usage', `{"lines":[${lines.join(',')}]}`, { signal: this.#stop.signal })
      this.#backoff.succeeded()
    } catch (error) {
      if (!isUnwelcome(error)) throw error
      if (lines.length === 1) return this.#lose(1, error.detail)
      const half = lines.length >> 1
      await this.#send(lines.slice(0, half))
      await this.#send(lines.slice(half))
    }
  }

  #failed(error: unknown): void {
    this.#again(this.#backoff.failed(error))
    const why = isLeashError(error) ? error.detail : 'The relay cannot be told of calls.'
    if (why !== this.#told && !this.#stop.signal.aborted) this.#deps.warn(`What calls have cost waits to be told. ${why}`)
    this.#told = why
  }

  /** On disk, or the oldest are let go of. While some are written, more may come than there is room for. */
  async #spill(): Promise<void> {
    const spool = await this.#spool()
    let more = spool !== undefined
    while (spool && more) more = (await this.#write(spool)) && this.#isFull()
    this.#letGo()
    this.#spilling = undefined
  }

  /** @returns whether the disk takes any */
  async #write(spool: Spool): Promise<boolean> {
    const lines = this.#waiting
    if (lines.length === 0) return true
    this.#waiting = []
    this.#writing.add(lines)
    this.#bytes = 0
    try {
      this.#lose(await spool.add(lines))
      return true
    } catch {
      this.#waiting = [...lines, ...this.#waiting]
      this.#bytes = sizeOf(this.#waiting)
      return false
    } finally {
      this.#writing.delete(lines)
    }
  }

  #letGo(): void {
    let count = 0
    while (this.#waiting.length - count > this.#mostLines || this.#bytes > this.#mostBytes) {
      this.#bytes -= this.#waiting[count++]?.length ?? 0
    }
    this.#waiting.splice(0, count)
    this.#lose(count)
  }

  #isFull(): boolean {
    return this.#waiting.length > this.#mostLines || this.#bytes > this.#mostBytes
  }

  #lose(lines: number, why = this.#why): void {
    this.#lost += lines
    this.#why = why
  }

  #tellLost(): void {
    const why = this.#why === '' ? '.' : `: ${this.#why}`
    if (this.#lost > 0) this.#deps.warn(`${this.#lost} lines of the ledger did not reach the relay, and are lost${why}`)
    this.#lost = 0
    this.#why = ''
  }

  async #spool(): Promise<Spool | undefined> {
    this.#disk = await this.#deps.spool().catch(() => undefined)
    return this.#disk
  }
}

/** @returns where the batch that begins at `start` ends */
function batchEnd(lines: readonly string[], start: number): number {
  let bytes = 0
  let end = start
  while (end < lines.length && end - start < batchLines && bytes < batchBytes) bytes += lines[end++]?.length ?? 0
  return end
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, { length }) => sum + length, 0)
}

/** It is the lines that are wrong, and not the time. */
function isUnwelcome(error: unknown): error is LeashError {
  return isLeashError(error) && (error.code === 'invalid_request' || error.code === 'request_too_large')
}
