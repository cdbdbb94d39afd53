/** Calls that are made while nobody waits for them: queued in the database, made a few at a time, and kept until they are fetched. */
import { hash, randomBytes } from 'node:crypto'
import { Backoff } from '../../control/backoff.js'
import type { Report } from '../../core/call.js'
import { isLeashError, LeashError, messageOf } from '../../core/errors.js'
import { toldOutside } from '../../core/inside.js'
import { asObject, type JsonObject, parseJson } from '../../core/json.js'
import { sleep } from '../../core/signals.js'
import { later } from '../../core/timers.js'
import { canonical } from '../../middleware/cache/canonical.js'
import { tellBeforeSending } from '../gateway/before-sending.js'
import { callOptionsOf } from '../gateway/call-options.js'
import type { Gateway } from '../gateway/gateway.js'
import { answerOf, asJson, checkRequest, Failed, toldOf } from '../gateway/run.js'
import type { Keys } from '../keys/keys.js'
import type { Caller } from '../people/caller.js'
import type { Sql } from '../store/sql.js'
import type { Reporting } from '../webhooks/reporting.js'
import type { JobsOptions } from './options.js'
import type { Job, JobAnswer, JobStatus } from './record.js'
import { type Claimed, JobStore, type Owner } from './store.js'

export interface JobsDeps {
  readonly sql: Sql
  readonly keys: Keys
  readonly gateway: Gateway
  readonly options: JobsOptions
  /** Whether no other relay shares the database. */
  readonly alone: boolean
  readonly warn: (message: string) => void
  readonly now?: () => number
  /** What a relay runs is its own for so long, unless it says so again. @defaultValue 30 seconds */
  readonly holdMs?: number
  /** It says so, and looks for what others have left or queued, so often. @defaultValue 5 seconds */
  readonly roundMs?: number
  /** What is under way when the relay stops may take so long to end. @defaultValue 20 seconds */
  readonly closeMs?: number
  /** Whoever tells the end of jobs that came with an address for it. */
  readonly callbacks: Pick<Reporting, 'check' | 'jobEnded'>
}

export interface Submitted {
  readonly request: unknown
  readonly ttlMs?: number
  readonly callback?: string
  readonly once?: string
}

const dayMs = 86_400_000

interface Outcome {
  readonly status: JobStatus
  readonly answer: JobAnswer
  readonly code?: string
}

interface Running {
  readonly stop: AbortController
  readonly done: Promise<void>
}

export class Jobs {
  readonly store: JobStore
  readonly #deps: JobsDeps
  readonly #owner: Owner
  readonly #running = new Map<string, Running>()
  #closing = false
  #timer: NodeJS.Timeout | undefined
  #filling: Promise<void> | undefined
  #again = false

  constructor(deps: JobsDeps) {
    this.#deps = deps
    const { sql, now = Date.now, callbacks, holdMs = 30_000 } = deps
    this.#owner = { owner: randomBytes(12).toString('hex'), holdMs }
    this.store = new JobStore({ sql, now, ended: (...ended) => callbacks.jobEnded(...ended) })
  }

  /** Goes on with what was left when the relay stopped. */
  start(): void {
    const { alone, roundMs = 5000 } = this.#deps
    let first = true
    const round = async () => {
      await this.#round(first && alone)
      first = false
    }
    const go = () => this.#go(round)
    this.#timer = setInterval(go, roundMs)
    this.#timer.unref()
    go()
  }

  /** @throws LeashError `invalid_request`, also when something else was submitted under its name, or `rate_limited` when too many wait */
  async submit({ tenant, id, user }: Caller, { request, ttlMs, callback, once }: Submitted): Promise<Job> {
    const { options, gateway, callbacks } = this.#deps
    if (callback !== undefined) callbacks.check(callback)
    const { model, leash } = checkRequest(request)
    callOptionsOf(leash, (await gateway.serving({ tenant, id })).options)
    const job = await this.store.add({
      ...{ tenant, key: id, user, model, callback, once },
      asked: hash('sha256', canonical({ request, ttlMs, callback }), 'base64url'),
      request: asObject(request) as JsonObject,
      ttlMs: ttlMs ?? options.ttlMs ?? dayMs,
      mostQueued: options.queued ?? 1000,
    })
    this.wake()
    return job
  }

  /** @returns the job as it stands then; undefined when there is none */
  async cancel(whose: Pick<Caller, 'tenant' | 'user'>, id: string): Promise<Job | undefined> {
    const cancelled = await this.store.cancel(whose, id)
    if (cancelled) this.#running.get(`${whose.tenant}/${id}`)?.stop.abort()
    return this.store.get(whose, id)
  }

  /** Something may have come. */
  wake(): void {
    this.#again = true
    this.#go()
  }

  #go(first?: () => Promise<void>): void {
    this.#filling ??= this.#fill(first).finally(() => {
      this.#filling = undefined
      if (this.#again && !this.#closing) this.wake()
    })
  }

  /** Takes no more, and waits for what is under way. What no provider has begun with is another's, or the next start's. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#timer)
    await this.#filling
    const late = setTimeout(() => {
      for (const { stop } of this.#running.values()) stop.abort()
    }, this.#deps.closeMs ?? 20_000)
    await Promise.all([...this.#running.values()].map(({ done }) => done))
    clearTimeout(late)
  }

  async #round(all: boolean): Promise<void> {
    const own = await this.store.renew(this.#owner)
    // What is no longer here was cancelled at another relay, or given to one.
    for (const [name, { stop }] of this.#running) if (!own.has(name)) stop.abort()
    if (all || !this.#deps.alone) await this.store.recover(this.#owner, all)
    await this.store.prune()
  }

  async #fill(first?: () => Promise<void>): Promise<void> {
    const { options, warn } = this.#deps
    this.#again = false
    try {
      await first?.()
      while (!this.#closing && this.#running.size < (options.atOnce ?? 32)) {
        const job = await this.store.claim(this.#owner, options.perTenant ?? 4)
        if (!job) return
        this.#begin(job)
      }
    } catch (error) {
      warn(`Jobs cannot be looked for: ${messageOf(error)}`)
    }
  }

  #begin(job: Claimed): void {
    const name = `${job.tenant}/${job.id}`
    const stop = new AbortController()
    const done = this.#work(job, stop.signal)
      .catch((error: unknown) => this.#deps.warn(`The job ${job.id} was lost: ${messageOf(error)}`))
      .finally(() => {
        this.#running.delete(name)
        this.wake()
      })
    this.#running.set(name, { stop, done })
  }

  async #work(job: Claimed, stop: AbortSignal): Promise<void> {
    let outcome: Outcome
    try {
      const { body, report } = await this.#call(job, stop)
      outcome = { status: 'done', answer: { status: 200, body: { ...body, leash: asJson(report) } } }
    } catch (error) {
      if (this.#closing && stop.aborted) {
        if (!(await this.store.release(job, this.#owner))) await this.store.interrupt(job, this.#owner)
        return
      }
      outcome = { status: 'failed', ...this.#failure(job, error) }
    }
    await this.#end(job, outcome, stop)
  }

  async #call(job: Claimed, stop: AbortSignal) {
    const { gateway, now = Date.now } = this.#deps
    const caller = await this.#callerOf(job)
    const serving = await gateway.serving(caller)
    let told = false
    const options = tellBeforeSending({ priority: 'low' }, async () => {
      told ||= await this.store.sending(job, this.#owner)
      if (!told) throw new LeashError('aborted', "The job was cancelled, or is no longer this relay's.")
    })
    // A signal of the platform's own that ends by itself stays in memory until then, however soon the job is over.
    const late = new AbortController()
    const forget = later(Math.max(1, job.expiresAt - now()), () => late.abort())
    const signal = AbortSignal.any([stop, late.signal])
    return answerOf({ caller, serving, request: parseJson(job.request), stream: false, options, signal })
      .catch((error) => {
        throw late.signal.aborted && error instanceof Failed ? new Failed(tooLate(), error.report) : error
      })
      .finally(forget)
  }

  /** Whose key was taken back meanwhile, or who may not come in any more, makes no calls. */
  async #callerOf({ key, tenant }: Job): Promise<Caller> {
    const { keys } = this.#deps
    const record = await keys.holding(key)
    // An administrator of the relay may have submitted it for a tenant that is not his own.
    if (record && (record.tenant === tenant || (await keys.isActive(tenant)))) return { ...record, tenant }
    throw new LeashError('authentication_failed', 'The key that submitted this job has expired or was revoked.')
  }

  #failure({ id }: Job, error: unknown): { readonly answer: JobAnswer; readonly code: string } {
    const { warn } = this.#deps
    if (error instanceof Failed) return failedWith(error.error, error.report)
    if (isLeashError(error)) return failedWith(toldOutside(error, (message) => warn(`The job ${id} failed: ${message}`)))
    warn(`The job ${id} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return failedWith(new LeashError('invalid_config', 'The relay has failed. Its log says why.', { status: 500 }))
  }

  /** What a provider was paid for is not to be lost to a database that is away: it is told when that is back. */
  async #end(job: Job, { status, answer, code }: Outcome, stop: AbortSignal): Promise<void> {
    const backoff = new Backoff()
    for (;;) {
      try {
        await this.store.end(job, this.#owner, status, answer, code)
        return
      } catch (error) {
        if (stop.aborted || !isLeashError(error) || !error.retryable) throw error
        await sleep(backoff.failed(error), stop).catch(() => {})
      }
    }
  }
}

const tooLate = () => new LeashError('deadline_exceeded', 'The time of the job was over before there was an answer.')

function failedWith(error: LeashError, report?: Report): { readonly answer: JobAnswer; readonly code: string } {
  const body = { error: toldOf(error), ...(report && { leash: asJson(report) }) }
  return { answer: { status: error.status, body }, code: error.code }
}
