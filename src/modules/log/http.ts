/** Lines to an HTTP endpoint, many at a time. */
import { asNumber, asObject, asObjects, parseJson } from '../../core/json.js'
import { later } from '../../core/timers.js'
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

/** Lines that wait while the endpoint does not answer, and how long they are together: the oldest are dropped first. */
const mostWaiting = 10_000
const mostCharacters = 32 * 1024 * 1024

/** Another time, or once somebody has seen to it, the endpoint may take the same lines. What else it refuses it refuses for good. */
const passing = [401, 403, 404, 408, 425, 429]
const tooLarge = 413

/** Undefined: nothing went wrong. */
type Trouble = { readonly status?: number; readonly words: string; readonly refused?: number } | undefined

interface Waiting {
  /** Its own: what is sent again under it does not stand there twice. */
  readonly id: string
  readonly text: string
}

export class HttpLog {
  readonly #target: HttpTarget
  #waiting: Waiting[] = []
  #characters = 0
  /** A request is due in a while; this forgets it. */
  #forget: (() => void) | undefined
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
    const text = JSON.stringify(line)
    this.#waiting.push({ id: `${line.id}-${line.at}`, text })
    this.#characters += text.length
    while (this.#waiting.length > mostWaiting || (this.#characters > mostCharacters && this.#waiting.length > 1)) {
      this.#letGo(1)
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
    this.#forget?.()
    await this.#sending
    this.#failure = undefined
    await this.#send()
  }

  get #batch(): number {
    return this.#target.batch ?? 100
  }

  #later(): void {
    if (this.#forget || this.#closed) return
    this.#forget = later(this.#target.flushMs ?? 1000, () => {
      this.#forget = undefined
      void this.#send()
    })
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
      this.#letGo(Math.max(0, lines.length - (this.#dropped - dropped)))
    }
  }

  #letGo(count: number): void {
    for (const { text } of this.#waiting.splice(0, count)) this.#characters -= text.length
  }

  async #post(lines: readonly Waiting[]): Promise<Trouble> {
    const { url, format = 'ndjson', headers, timeoutMs = 10_000 } = this.#target
    try {
      const response = await fetch(format === 'elasticsearch' ? `${url.replace(/\/+$/, '')}/_bulk` : url, {
        method: 'POST',
        headers: { 'content-type': format === 'json' ? 'application/json' : 'application/x-ndjson', ...headers },
        body: this.#body(lines),
        // A redirect could carry the lines and their key elsewhere. Cloudflare's runtime refuses the word `error`.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      const said = await response.text()
      const { ok, status } = response
      const words = `The endpoint answered ${status}.`
      const isPassing = status < 400 || status >= 500 || passing.includes(status)
      if (!ok) return isPassing ? { status, words } : { status, words, refused: lines.length }
      return format === 'elasticsearch' ? refusedIn(said) : undefined
    } catch (error) {
      return { words: `The endpoint cannot be reached (${error instanceof Error ? error.name : 'unknown reason'}).` }
    }
  }

  #body(lines: readonly Waiting[]): string {
    const { format = 'ndjson', index } = this.#target
    if (format === 'json') return `[${lines.map(({ text }) => text).join(',')}]`
    const heads = (id: string) =>
      format === 'elasticsearch' ? `${JSON.stringify({ create: { _index: index, _id: id } })}\n` : ''
    return lines.map(({ id, text }) => `${heads(id)}${text}\n`).join('')
  }
}

/** Elasticsearch answers 200 also where it took nothing. 409: it has that line already. One that it will never take is not sent for ever. */
function refusedIn(said: string): Trouble {
  const answer = asObject(parseJson(said))
  if (answer.errors !== true) return undefined
  const statuses = asObjects(answer.items).map(({ create }) => asNumber(asObject(create).status) ?? 0)
  const again = statuses.find((status) => status === 429 || status >= 500)
  if (again !== undefined) return { words: `The index answered ${again}.` }
  const refusals = statuses.filter((status) => status >= 400 && status !== 409)
  return refusals.length === 0 ? undefined : { words: `The index answered ${refusals[0]}.`, refused: refusals.length }
}
