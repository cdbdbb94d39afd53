/** The policy that a client holds to, as the relay has signed it, and each one that follows. */
import { isLeashError, LeashError, messageOf } from '../core/errors.js'
import { parseJson } from '../core/json.js'
import { Lazy } from '../core/lazy.js'
import type { MaybePromise } from '../core/store.js'
import { pause } from '../core/timers.js'
import { Backoff } from './backoff.js'
import { refused, type Verified, verify } from './bundle.js'
import { type Connection, isAway, isRefused } from './connection.js'
import { fresh } from './fresh.js'
import type { LastGoodFile } from './last-good.js'
import type { PolicyBundle } from './wire.js'

/** Seconds that the relay is asked to wait for a change. */
const longestWait = 25

/** The first call waits for the first policy. */
const firstTimeoutMs = 5000

/** A relay that answers at once that nothing has changed is not asked more often. */
const leastRoundMs = 1000

/** How often it is written down that the relay still stands by its policy. */
const writtenMs = 30_000

export interface PolicyFeedDeps {
  readonly connection: Connection
  /** Of the relay, in base64. Absent: the first that it shows. */
  readonly publicKey?: string | undefined
  /** Where the last good policy is kept. */
  readonly file: () => Promise<LastGoodFile | undefined>
  readonly warn: (message: string) => void
}

export class PolicyFeed {
  readonly #deps: PolicyFeedDeps
  readonly #closing = new AbortController()
  readonly #listeners = new Set<(bundle: PolicyBundle) => void>()
  readonly #backoff = new Backoff()
  readonly #client = crypto.randomUUID()
  readonly #first = new Lazy(() => this.#start())
  #good: Verified | undefined
  #etag: string | undefined
  #pin: string | undefined
  #heardAt = 0
  #written: Verified | undefined
  #writtenAt = 0
  #writing: Promise<void> = Promise.resolve()
  /** A call waits for it. */
  #asking: Promise<void> | undefined
  /** Before that, no call waits for a relay which has just failed one. */
  #askAgainAt = 0
  /** The relay does not take the key any more. */
  #refusal: LeashError | undefined
  /** What has gone wrong is told once, until it goes well again. */
  #told = ''

  constructor(deps: PolicyFeedDeps) {
    this.#deps = deps
    this.#pin = deps.publicKey
  }

  /** @throws LeashError when there is none to hold to; the next who asks tries again */
  ready(): Promise<PolicyBundle> {
    return this.#first.get().catch((error) => {
      throw fresh(error)
    })
  }

  /** @throws LeashError as {@link check} */
  policy(): PolicyBundle {
    this.#checkRefusal()
    if (this.#isStale()) throw stale()
    if (!this.#good) throw new LeashError('overloaded', 'There is no policy of the relay yet. Await `ready()` first.')
    return this.#good.bundle
  }

  /**
   * A process that was asleep, or frozen between two calls, has heard nothing meanwhile of a relay that is there.
   *
   * @throws LeashError when no call may go on: the key was revoked, or the policy is too old and says so
   * @returns what to wait for, where the relay is asked once more
   */
  check(): MaybePromise<void> {
    this.#checkRefusal()
    if (!this.#isStale()) return
    if (this.#askAgainAt > Date.now()) throw stale()
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = undefined
    })
    return this.#asking.catch((error) => {
      throw fresh(error)
    })
  }

  /** What becomes of calls while the relay is away. */
  get whenAway(): 'open' | 'closed' {
    return this.#good?.bundle.whenStale ?? 'closed'
  }

  /** Told of each that follows the one that {@link ready} gave. */
  onPolicy(listener: (bundle: PolicyBundle) => void): void {
    this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#listeners.clear()
    await this.#writing
  }

  #checkRefusal(): void {
    if (this.#refusal) throw fresh(this.#refusal)
  }

  async #askNow(): Promise<void> {
    try {
      if (await this.#pull()) this.#tell()
    } catch (error) {
      if (isRefused(error)) throw error
      this.#askAgainAt = Date.now() + this.#backoff.failed(error)
      throw stale(error)
    }
  }

  #isStale(): boolean {
    const bundle = this.#good?.bundle
    return bundle?.whenStale === 'closed' && Date.now() - this.#heardAt > bundle.staleMs
  }

  async #start(): Promise<PolicyBundle> {
    await this.#restore()
    try {
      await this.#pull()
    } catch (error) {
      if (isRefused(error)) throw error
      if (!this.#good) throw isAway(error) ? none(error) : error
      if (this.#isStale()) throw stale(error)
      this.#warn(error)
    }
    void this.#follow()
    return this.policy()
  }

  /** The last good one, should the relay be away. Also kept: whose word counts. */
  async #restore(): Promise<void> {
    const kept = await (await this.#deps.file())?.load()
    if (!kept || this.#good) return
    try {
      this.#good = await verify(kept.signed, this.#pin)
      this.#pin = this.#good.signed.publicKey
      this.#heardAt = kept.heardAt
    } catch (error) {
      this.#deps.warn(`What was kept of the relay's policy is not used: ${detailOf(error)}`)
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      const since = performance.now()
      try {
        const changed = await this.#pull(this.#wait())
        this.#backoff.succeeded()
        if (changed) this.#tell()
        else await pause(leastRoundMs - (performance.now() - since), signal)
      } catch (error) {
        if (signal.aborted) return
        if (isRefused(error) && isLeashError(error)) this.#refusal = error
        this.#warn(error)
        await pause(this.#backoff.failed(error), signal)
      }
    }
  }

  /** A policy that is soon stale is asked for more often; one that may be out of force is asked for at once. */
  #wait(): number {
    if (this.#told) return 0
    const staleMs = this.#good?.bundle.staleMs ?? 0
    return Math.max(1, Math.min(longestWait, Math.floor(staleMs / 2000)))
  }

  /** @param wait seconds; absent: a call waits for it @returns whether there is another */
  async #pull(wait?: number): Promise<boolean> {
    const { connection } = this.#deps
    const ask = {
      headers: {
        ...(this.#etag !== undefined && { 'if-none-match': this.#etag }),
        // So that whoever runs the relay sees who holds to what.
        ...(this.#good && { 'x-leash-client': this.#client, 'x-leash-revision': this.#good.bundle.revision }),
      },
      takes: [304],
      timeoutMs: (wait ?? 0) * 1000 + firstTimeoutMs,
      signal: this.#closing.signal,
    }
    const path = `/v1/control/policy${wait ? `?wait=${wait}` : ''}`
    const answer = await (wait === undefined ? connection.get(path, ask) : connection.getQuietly(path, ask))
    const changed = answer.status !== 304 && this.#adopt(await verify(parseJson(answer.text), this.#pin))
    if (answer.status !== 304) this.#etag = answer.headers.get('etag') ?? undefined
    this.#heard()
    return changed
  }

  /** @throws LeashError for one that may not take the place of what there is */
  #adopt(next: Verified): boolean {
    const before = this.#good
    if (before) {
      const [was, is] = [before.bundle, next.bundle]
      if (is.tenant !== was.tenant || is.key !== was.key)
        throw refused('is that of another tenant or key. Should that be right, empty `relay.folder` and start anew')
      if (is.issuedAt < was.issuedAt) throw refused('is older than the one that is in force')
    }
    this.#good = next
    this.#pin = next.signed.publicKey
    return next.signed.payload !== before?.signed.payload
  }

  #heard(): void {
    this.#heardAt = Date.now()
    this.#refusal = undefined
    this.#told = ''
    if (this.#good && (this.#good !== this.#written || this.#heardAt - this.#writtenAt >= writtenMs)) this.#write(this.#good)
  }

  /** In order: an older one must not come to stand over a newer one. */
  #write(good: Verified): void {
    const at = this.#heardAt
    this.#written = good
    this.#writtenAt = at
    this.#writing = this.#writing
      .then(async () => (await this.#deps.file())?.save(good.signed, at))
      .catch((error) => this.#deps.warn(`The relay's policy cannot be kept on disk: ${detailOf(error)}`))
  }

  #tell(): void {
    const bundle = this.#good?.bundle
    if (!bundle) return
    for (const listener of this.#listeners) {
      try {
        listener(bundle)
      } catch (error) {
        this.#deps.warn(`The relay's policy ${bundle.revision} was not taken up: ${detailOf(error)}`)
      }
    }
  }

  #warn(error: unknown): void {
    const why = detailOf(error)
    if (why === this.#told) return
    this.#told = why
    const revision = this.#good?.bundle.revision
    this.#deps.warn(`${why} Until it is well again, calls go on by policy ${revision} as far as that allows it.`)
  }
}

function stale(cause?: unknown): LeashError {
  return new LeashError(
    'overloaded',
    'The relay has not been heard of for longer than its policy may be used. Check that it runs and can be reached.',
    { cause, retryable: true },
  )
}

function none(cause: unknown): LeashError {
  return new LeashError('overloaded', `There is no policy to hold calls to, and none was kept from before. ${detailOf(cause)}`, {
    cause,
    retryable: true,
  })
}

function detailOf(error: unknown): string {
  return isLeashError(error) ? error.detail : messageOf(error)
}
