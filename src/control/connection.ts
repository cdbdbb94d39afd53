/** HTTP to the relay: JSON, a bearer key, an end to every wait, and failures as a {@link LeashError} that says what to do. */
import { checkAddress } from '../core/address.js'
import { textWithin } from '../core/bounded.js'
import { LeashError } from '../core/errors.js'
import { asObject, parseJson } from '../core/json.js'
import { LinkedAbort } from '../core/signals.js'
import { later } from '../core/timers.js'
import { retryAfterMs } from '../protocols/retry-after.js'
import { type Answer, openQuietGet, type QuietGet, tooLong } from './quiet-get.js'

export interface ConnectionOptions {
  readonly url: string
  readonly key: string
  /** Of a key that wants its requests signed. */
  readonly signingSecret?: string | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
}

export interface Ask {
  /** Besides 200 to 299: statuses that are an answer, and no failure. */
  readonly takes?: readonly number[]
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

interface Sent extends Ask {
  readonly method: 'GET' | 'POST'
  readonly body?: Uint8Array<ArrayBuffer> | string
}

const usualTimeoutMs = 10_000

/** Of an answer. */
const mostBytes = 4 * 1024 * 1024

/** Shorter bodies do not become shorter. */
const worthPacking = 1024

export class Connection {
  readonly #base: string
  readonly #key: string
  readonly #secret: string | undefined
  readonly #fetch: typeof globalThis.fetch | undefined
  #quiet: Promise<QuietGet | undefined> | undefined

  /** @throws LeashError `invalid_config`, `missing_key` */
  constructor({ url, key, signingSecret, fetch }: ConnectionOptions) {
    const { origin, pathname, search, hash } = checkAddress(url, 'relay.url')
    if (search || hash) throw new LeashError('invalid_config', '`relay.url` must end with its path: leave out what follows.')
    if (!/^[\x21-\x7e]{1,1000}$/.test(key))
      throw new LeashError('missing_key', '`relay.key` must be a key that the relay has given out, on one line.')
    this.#base = `${origin}${pathname.replace(/\/+$/, '')}`
    this.#key = key
    this.#secret = signingSecret
    this.#fetch = fetch
  }

  get url(): string {
    return this.#base
  }

  get(path: string, ask: Ask = {}): Promise<Answer> {
    return this.#ask(path, { ...ask, method: 'GET' }, (sent, signal) => this.#send(path, sent, signal))
  }

  /** As {@link get}, for answers that are long in coming: the process need not wait for them. */
  async getQuietly(path: string, ask: Ask = {}): Promise<Answer> {
    const quiet = this.#fetch ? undefined : await (this.#quiet ??= openQuietGet())
    if (!quiet) return this.get(path, ask)
    return this.#ask(path, { ...ask, method: 'GET' }, async (sent, signal) => {
      const headers = { ...sent.headers, ...(await this.#authorization(path, sent)) }
      return quiet(`${this.#base}${path}`, { headers, signal, mostBytes })
    })
  }

  post(path: string, body: unknown, ask: Ask = {}): Promise<Answer> {
    return this.#post(path, JSON.stringify(body), { 'content-type': 'application/json' }, ask)
  }

  /** As {@link post}, in fewer bytes where the runtime can. @param text JSON */
  async postPacked(path: string, text: string, ask: Ask = {}): Promise<Answer> {
    const headers = { 'content-type': 'application/json' }
    if (text.length < worthPacking || typeof CompressionStream === 'undefined') return this.#post(path, text, headers, ask)
    const packed = new Response(new Response(text).body?.pipeThrough(new CompressionStream('gzip')))
    return this.#post(path, new Uint8Array(await packed.arrayBuffer()), { ...headers, 'content-encoding': 'gzip' }, ask)
  }

  #post(path: string, body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string>, ask: Ask): Promise<Answer> {
    const sent = { ...ask, method: 'POST', body, headers: { ...headers, ...ask.headers } } as const
    return this.#ask(path, sent, (sent, signal) => this.#send(path, sent, signal))
  }

  /** @throws LeashError for whatever is no answer that the caller takes */
  async #ask(path: string, sent: Sent, send: (sent: Sent, signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { timeoutMs = usualTimeoutMs, takes = [] } = sent
    const stop = new LinkedAbort(sent.signal)
    const late = new LeashError('timeout', `The relay did not answer in ${timeoutMs} ms.`, { retryable: true })
    const forget = later(timeoutMs, () => stop.abort(late))
    let answer: Answer
    try {
      answer = await send(sent, stop.signal)
    } catch (cause) {
      if (stop.signal.reason === late) throw late
      if (cause instanceof LeashError) throw cause
      throw unreachable(this.#base, cause)
    } finally {
      forget()
      stop.release()
    }
    const { status } = answer
    if ((status >= 200 && status < 300) || takes.includes(status)) return answer
    throw failureOf(answer, path)
  }

  async #send(path: string, sent: Sent, signal: AbortSignal): Promise<Answer> {
    const { method, headers, body } = sent
    const fetch = this.#fetch ?? globalThis.fetch
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: { ...headers, ...(await this.#authorization(path, sent)) },
      redirect: 'manual',
      signal,
      ...(body !== undefined && { body }),
    })
    return {
      status: response.status,
      headers: response.headers,
      text: await textWithin(response.body, mostBytes, () => tooLong(mostBytes)),
    }
  }

  async #authorization(path: string, { method, body }: Sent): Promise<Record<string, string>> {
    const authorization = `Bearer ${this.#key}`
    if (this.#secret === undefined) return { authorization }
    const { signedHeaders } = await import('./signed-headers.js')
    const { pathname, search } = new URL(`${this.#base}${path}`)
    return { authorization, ...(await signedHeaders(this.#secret, { method, path: pathname + search, body })) }
  }
}

/** The relay may answer another time: it is not there, or has too much to do. */
export function isAway(error: unknown): boolean {
  return error instanceof LeashError && error.retryable
}

/** The relay does not take the key. */
export function isRefused(error: unknown): boolean {
  return error instanceof LeashError && (error.code === 'authentication_failed' || error.code === 'permission_denied')
}

function unreachable(base: string, cause: unknown): LeashError {
  return new LeashError('network_error', `The relay at ${base} cannot be reached. Check \`relay.url\`, and that it runs.`, {
    cause,
    retryable: true,
  })
}

function failureOf({ status, headers, text }: Answer, path: string): LeashError {
  if (status === 401) {
    const why = saidIn(text)
    const told = why === undefined ? 'Give one that it has made and not revoked.' : why.replace(/^\[\w+\] /, '')
    return new LeashError('authentication_failed', `The relay does not take \`relay.key\`: ${told}`)
  }
  if (status === 403)
    return new LeashError('permission_denied', `\`relay.key\` may not ask the relay for ${path}. Give one that may.`)
  const after = retryAfterMs(headers)
  const again = { retryable: true, ...(after !== undefined && { retryAfterMs: after }) }
  if (status === 429) return new LeashError('rate_limited', 'The relay has too many requests of this key.', again)
  if (status >= 500) return new LeashError('upstream_error', `The relay answered ${status}.`, again)
  // A redirect that is not followed has status 0 in browsers and workers.
  if (status < 400)
    return new LeashError('invalid_config', `\`relay.url\` leads elsewhere (status ${status}). Give the relay's own address.`)
  if (status === 404 || status === 405)
    return new LeashError(
      'not_found',
      `There is no relay at \`relay.url\`: it answered ${status} for ${path}. Check the address.`,
    )
  if (status === 413) return new LeashError('request_too_large', 'The relay found a request too large.')
  const said = saidIn(text)
  const why = said === undefined ? '. Is it older than this client?' : `: ${said}`
  return new LeashError('invalid_request', `The relay answered ${status} for ${path}${why}`)
}

function saidIn(text: string): string | undefined {
  const { message } = asObject(asObject(parseJson(text)).error)
  return typeof message === 'string' ? message.slice(0, 300) : undefined
}
