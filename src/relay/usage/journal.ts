/**
 * What the relay's own calls cost, on its way to the database: many lines at a time, so that a call costs the database next to
 * nothing, and in a file until they are there, so that a relay that is killed has lost none of those it has booked.
 */
import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Backoff } from '../../control/backoff.js'
import { isLeashError, messageOf } from '../../core/errors.js'
import { isObject, parseJson } from '../../core/json.js'
import type { LedgerLine } from '../../core/ledger.js'
import type { UsageLog } from './usage.js'

export interface JournalDeps {
  readonly folder: string
  readonly usage: Pick<UsageLog, 'take'>
  readonly warn: (message: string) => void
  /** Lines of one batch are collected for so long, in milliseconds. @defaultValue 100 */
  readonly everyMs?: number
}

/** Of one transaction. */
const mostAtOnce = 5000

/** Lines that wait in memory while the database is away. Those beyond are read from their file when their turn comes. */
const mostWaiting = 100_000

const ending = '.jsonl'

/** How often it is looked for what others have left. What a relay elsewhere has not touched for so long, it has left. */
const lookMs = 60_000

/** The number of a process that is gone may be that of another by now: what nobody has touched for so long is left, too. */
const reusedMs = 3_600_000

/** In the names of files, whose parts are parted by dashes. */
const host = hostname().replace(/[^\w.]/g, '_')

interface Page {
  readonly path: string
  readonly file: number | undefined
  readonly lines: LedgerLine[]
  /** Some are in the file only. */
  spilled: boolean
  /** So many are in memory only. */
  unkept: number
}

export class Journal {
  readonly #deps: JournalDeps
  readonly #folder: string
  readonly #backoff = new Backoff()
  readonly #stopping = new AbortController()
  /** Files that are not delivered yet. */
  readonly #own = new Set<string>()
  #looking: NodeJS.Timeout | undefined
  #count = 0
  /** What is being added to. */
  #page: Page | undefined
  /** Of this turn of the event loop. */
  #fresh: LedgerLine[] = []
  #written: Promise<void> | undefined
  #writing: Promise<void> | undefined
  #waiting = 0
  #warned = false
  /** The disk takes nothing. */
  #full = false

  /** Takes up what a relay before this one has left, and looks again now and then. */
  static async open(deps: JournalDeps): Promise<Journal> {
    const journal = new Journal(deps)
    await journal.#adopt()
    journal.#looking = setInterval(() => void journal.#lookAgain(), lookMs).unref()
    return journal
  }

  private constructor(deps: JournalDeps) {
    this.#deps = deps
    this.#folder = join(deps.folder, 'journal')
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
  }

  /** Lines of one turn of the event loop are written at its end, in one go: a call is not answered before {@link written}. */
  add(lines: readonly LedgerLine[]): void {
    this.#fresh.push(...lines)
    this.#written ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#flush()
        resolve()
      })
    })
  }

  /** Until all that was added so far is in the file; undefined when it is. */
  written(): Promise<void> | undefined {
    return this.#written
  }

  /** Waits until all is in the database, or has failed to get there. What has is in the files. */
  async close(): Promise<void> {
    clearInterval(this.#looking)
    this.#flush()
    this.#stopping.abort()
    while (this.#writing) await this.#writing
  }

  #flush(): void {
    this.#written = undefined
    const lines = this.#fresh
    if (lines.length === 0) return
    this.#fresh = []
    this.#page ??= this.#begin()
    const kept = this.#append(this.#page, lines)
    if (!kept) this.#page.unkept += lines.length
    if (kept && this.#waiting >= mostWaiting) this.#page.spilled = true
    else {
      this.#page.lines.push(...lines)
      this.#waiting += lines.length
    }
    this.#writing ??= this.#write()
  }

  async #write(): Promise<void> {
    do {
      await this.#pause(this.#deps.everyMs ?? 100)
      this.#flush()
      const page = this.#page
      this.#page = undefined
      if (page && !(await this.#deliver(page))) break
    } while (this.#page)
    this.#writing = undefined
  }

  /** @returns false when the relay stops, and the file is for the next one */
  async #deliver({ path, file, lines, spilled, unkept }: Page): Promise<boolean> {
    if (file !== undefined) closeSync(file)
    // What the file could not take is here alone. A line that is in both counts once.
    for (let at = 0; at < lines.length; at += mostAtOnce) {
      if (await this.#insist(lines.slice(at, at + mostAtOnce))) continue
      if (unkept > 0)
        this.#deps.warn(
          `The relay stops, and what up to ${unkept} attempts have cost is lost: neither disk nor database takes it.`,
        )
      return false
    }
    this.#waiting -= lines.length
    this.#own.delete(path)
    if (spilled) await this.#takeUp(path)
    else rmSync(path, { force: true })
    return true
  }

  /** A database that is away comes back. @returns false when the relay stops before */
  async #insist(lines: readonly unknown[]): Promise<boolean> {
    for (;;) {
      try {
        await this.#take(lines)
        this.#backoff.succeeded()
        this.#warned = false
        return true
      } catch (error) {
        if (!this.#warned) this.#deps.warn(`What calls have cost waits for the database. ${messageOf(error)}`)
        this.#warned = true
        if (this.#stopping.signal.aborted) return false
        await this.#pause(this.#backoff.failed(error))
      }
    }
  }

  /** A line that the database will never take is looked for by halves, and left out. @throws what may be over later */
  async #take(lines: readonly unknown[]): Promise<void> {
    try {
      await this.#deps.usage.take({ lines })
    } catch (error) {
      if (!isLeashError(error) || error.retryable) throw error
      const half = lines.length >> 1
      if (half === 0) return this.#deps.warn(`A line of the ledger is not taken: ${messageOf(error)}`)
      await this.#take(lines.slice(0, half))
      await this.#take(lines.slice(half))
    }
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }

  #begin(): Page {
    const path = join(this.#folder, `${Date.now()}-${process.pid}-${host}-${this.#count++}${ending}`)
    this.#own.add(path)
    let file: number | undefined
    try {
      file = openSync(path, 'wx', 0o600)
    } catch (error) {
      this.#failed(error)
    }
    return { path, file, lines: [], spilled: false, unkept: 0 }
  }

  #append({ file }: Page, lines: readonly LedgerLine[]): boolean {
    if (file === undefined) return false
    try {
      // Each begins anew: of a disk that was full, half of a line may stand in front of it.
      writeFileSync(file, lines.map((line) => `\n${JSON.stringify(line)}`).join(''))
      this.#full = false
      return true
    } catch (error) {
      this.#failed(error)
      return false
    }
  }

  /** Told once, until the disk takes something again: each call would tell it anew. */
  #failed(error: unknown): void {
    if (!this.#full)
      this.#deps.warn(`What calls have cost is kept in memory only, until the database has it: ${messageOf(error)}`)
    this.#full = true
  }

  /** Several relays may work in one folder, of this machine or of others, whose processes cannot be seen from here. */
  #isLeft(name: string): boolean {
    const path = join(this.#folder, name)
    if (this.#own.has(path)) return false
    const [, id, where] = name.split('-')
    if (where === host && (Number(id) === process.pid || !lives(Number(id)))) return true
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
    return Date.now() - mtimeMs > (where === host ? reusedMs : lookMs)
  }

  async #lookAgain(): Promise<void> {
    await this.#adopt().catch((error) =>
      this.#deps.warn(`What other relays have left cannot be looked through: ${messageOf(error)}`),
    )
  }

  async #adopt(): Promise<void> {
    const left = readdirSync(this.#folder).filter((name) => name.endsWith(ending) && this.#isLeft(name))
    for (const name of left.sort()) await this.#takeUp(join(this.#folder, name))
  }

  /** What cannot be read or taken now stays where it is, and is taken up again with what others have left. */
  async #takeUp(path: string): Promise<void> {
    try {
      for await (const lines of batchesIn(path)) {
        if (this.#stopping.signal.aborted) return
        await this.#take(lines)
      }
      rmSync(path, { force: true })
    } catch (error) {
      this.#deps.warn(`What calls have cost waits in ${path}. ${messageOf(error)}`)
    }
  }
}

/**
 * A file may have grown for hours, beyond what memory holds. A relay that was killed while it wrote leaves half of a line, of a
 * call that nobody had the answer of.
 */
async function* batchesIn(path: string): AsyncGenerator<readonly unknown[]> {
  let rest = ''
  let lines: unknown[] = []
  for await (const part of createReadStream(path, 'utf8')) {
    const texts = `${rest}${part}`.split('\n')
    rest = texts.pop() ?? ''
    lines.push(...texts.map(parseJson).filter(isObject))
    if (lines.length < mostAtOnce) continue
    yield lines
    lines = []
  }
  yield [...lines, parseJson(rest)].filter(isObject)
}

/** Whether a process of this machine lives. */
function lives(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch {
    return false
  }
}
