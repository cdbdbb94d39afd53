/** Lines to an HTTP endpoint, many at a time. */
import { asArray, asNumber, asObject, parseJson } from '../../core/json.js'
import type { ModuleHealth } from '../module.js'
import type { LogLine } from './line.js'

export interface HttpTarget {
  /** Of Elasticsearch or OpenSearch, without `/_bulk`. */
  readonly url: string
  /** `ndjson`: a line each; `json`: one list. @defaultValue 'ndjson' */
  readonly format?: 'ndjson' | 'json' | 'elasticsearch'
  /** Of Elasticsearch. */
  readonly index?: string
  /** A key, for instance. */
  readonly headers?: Readonly<Record<string, string>>
  /** Lines in one request. @defaultValue 100 */
  readonly batch?: number
  /** Milliseconds until lines that are fewer are sent all the same. @defaultValue 1000 */
  readonly flushMs?: number
  /** @defaultValue 10000 */
  readonly timeoutMs?: number
}

/** Lines that wait while the endpoint does not answer: the oldest are dropped first. */
const mostWaiting = 10_000

/** Another time, or once somebody has seen to it, the endpoint may take the same lines. What else it refuses it refuses for good. */
const passing = [401, 403, 404, 408, 425, 429]
const tooLarge = 413

/** Undefined: nothing went wrong. */
type Trouble = { readonly status?: number; readonly words: string; readonly refused?: number } | undefined

export class HttpLog {
  readonly #target: HttpTarget
  #waiting: LogLine[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #sending: Promise<void> | undefined
  #dropped = 0
  #failure: string | undefined
  #refused = 0
  #refusal = ''
  #closed = false

  constructor(target: HttpTarget) {
    this.#target = target
  }

  write(line: LogLine): void {
    this.#waiting.push(line)
    if (this.#waiting.length > mostWaiting) {
      this.#waiting.shift()
      this.#dropped++
    }
    if (this.#waiting.length >= this.#batch && this.#failure === undefined) void this.#send()
    else this.#later()
  }

  health(): ModuleHealth {
    const detail = [
      ...(this.#failure === undefined ? [] : [this.#failure]),
      ...(this.#dropped > 0 ? [`${this.#dropped} lines were dropped.`] : []),
      ...(this.#refused > 0 ? [`${this.#refused} lines were refused for good. ${this.#refusal}`] : []),
    ]
    return detail.length === 0 ? { ok: true } : { ok: false, detail: detail.join(' ') }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#sending
    this.#failure = undefined
    await this.#send()
  }

  get #batch(): number {
    return this.#target.batch ?? 100
  }

  /** A process that has nothing else to do is not kept alive by it. */
  #later(): void {
    if (this.#timer || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#send()
    }, this.#target.flushMs ?? 1000)
    if (typeof this.#timer === 'object') this.#timer.unref?.()
  }

  #send(): Promise<void> {
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  /** In order. What fails stays in front, for the next time; what is refused for good stands in nobody's way. */
  async #drain(): Promise<void> {
    let most = this.#batch
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.slice(0, most)
      const dropped = this.#dropped
      const trouble = await this.#post(lines)
      const again = trouble && trouble.refused === undefined
      this.#failure = again ? trouble.words : undefined
      if (again) return this.#later()
      if (trouble?.status === tooLarge && lines.length > 1) {
        most = Math.ceil(lines.length / 2)
        continue
      }
      if (trouble?.refused) {
        this.#refused += trouble.refused
        this.#refusal = trouble.words
      }
      // Those that were dropped meanwhile stood in front.
      this.#waiting.splice(0, Math.max(0, lines.length - (this.#dropped - dropped)))
    }
  }

  async #post(lines: readonly LogLine[]): Promise<Trouble> {
    const { url, format = 'ndjson', headers, timeoutMs = 10_000 } = this.#target
    try {
      const response = await fetch(format === 'elasticsearch' ? `${url.replace(/\/+$/, '')}/_bulk` : url, {
        method: 'POST',
        headers: { 'content-type': format === 'json' ? 'application/json' : 'application/x-ndjson', ...headers },
        body: this.#body(lines),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      const said = await response.text()
      const { ok, status } = response
      const words = `The endpoint answered ${status}.`
      if (!ok) return status >= 500 || passing.includes(status) ? { status, words } : { status, words, refused: lines.length }
      return format === 'elasticsearch' ? refusedIn(said) : undefined
    } catch (error) {
      return { words: `The endpoint cannot be reached (${error instanceof Error ? error.name : 'unknown reason'}).` }
    }
  }

  /** With an id of its own, a line that is sent again does not stand there twice. */
  #body(lines: readonly LogLine[]): string {
    const { format = 'ndjson', index } = this.#target
    if (format === 'json') return JSON.stringify(lines)
    const texts = lines.map((line) => {
      const head =
        format === 'elasticsearch' ? `${JSON.stringify({ create: { _index: index, _id: `${line.id}-${line.at}` } })}\n` : ''
      return `${head}${JSON.stringify(line)}\n`
    })
    return texts.join('')
  }
}

/** Elasticsearch answers 200 also where it took nothing. 409: it has that line already. One that it will never take is not sent for ever. */
function refusedIn(said: string): Trouble {
  const answer = asObject(parseJson(said))
  if (answer.errors !== true) return undefined
  const statuses = asArray(answer.items).map((item) => asNumber(asObject(asObject(item).create).status) ?? 0)
  const again = statuses.find((status) => status === 429 || status >= 500)
  if (again !== undefined) return { words: `The index answered ${again}.` }
  const refusals = statuses.filter((status) => status >= 400 && status !== 409)
  return refusals.length === 0 ? undefined : { words: `The index answered ${refusals[0]}.`, refused: refusals.length }
}
