/** What was not let through, in the audit trail: calls that a policy has stopped, and keys that asked for what they are not for. */
import type { CallOptions } from '../../core/call.js'
import { type ErrorCode, type LeashError, messageOf } from '../../core/errors.js'
import type { JsonObject } from '../../core/json.js'
import { Recent } from '../../core/recent.js'
import type { Engine } from '../../engine.js'
import { figuresBehind } from '../../middleware/budget/refusal.js'
import type { Caller } from '../people/caller.js'
import type { PolicyVersion } from '../policy/policies.js'
import type { Audit } from './audit.js'

export interface DecisionsDeps {
  readonly audit: Pick<Audit, 'append'>
  readonly warn: (message: string) => void
  readonly now?: () => number
}

export const blockedAction = 'call.blocked'
export const outsideAction = 'key.outside_scope'

/** What a policy says by itself. Everything else (an unknown model, a missing key) is no decision of its. */
export const blocking: readonly ErrorCode[] = ['model_not_allowed', 'budget_exceeded', 'policy_blocked']

/** Entries of one key and one kind in a minute, and of all together: a key that is refused in a loop does not fill the trail. */
const mostOfKey = 10
const mostInAll = 300
const minuteMs = 60_000
const mostKeys = 10_000

const mostTags = 8
const mostText = 200

interface Minute {
  readonly minute: number
  count: number
}

export class Decisions {
  readonly #deps: DecisionsDeps
  readonly #now: () => number
  readonly #keys = new Recent<string, Minute>(mostKeys)
  #all: Minute = { minute: 0, count: 0 }

  constructor(deps: DecisionsDeps) {
    this.#deps = deps
    this.#now = deps.now ?? Date.now
  }

  /** Hears of each call of this engine that is refused. */
  hear(engine: Engine, inForce: () => PolicyVersion): void {
    const run = engine.run.bind(engine)
    // Whoever runs a call runs it by the engine itself, and outside of it nobody sees what a refusal was about.
    const heard: typeof run = (incoming) => {
      const running = run(incoming)
      const { model, options } = incoming
      running.result.catch((error: LeashError) => {
        if (blocking.includes(error.code) && !options.dryRun)
          this.#refused(running.report.id, { model, options }, inForce(), error)
      })
      return running
    }
    engine.run = heard
  }

  /** @param what the scope that the key lacks, or the route */
  outside({ id, tenant, user, role }: Caller, what: string): void {
    const detail = { what, ...(user !== undefined && { user }), ...(role && { role }) }
    this.#append(outsideAction, id, tenant, '', detail)
  }

  #refused(
    call: string,
    { model, options }: { readonly model: string; readonly options: CallOptions },
    { version, keyVersion }: PolicyVersion,
    error: LeashError,
  ): void {
    const { tenant = '', key = '', user, tags } = options
    const figures = figuresBehind(error)
    const detail: JsonObject = {
      ...{ code: error.code, model: model.slice(0, mostText), policy: version },
      ...(keyVersion !== undefined && { keyPolicy: keyVersion }),
      ...(user !== undefined && { user }),
      ...(tags && { tags: Object.fromEntries(Object.entries(tags).slice(0, mostTags)) }),
      ...(figures && { budget: { ...figures } }),
    }
    this.#append(blockedAction, key, tenant, call, detail)
  }

  #append(action: string, actor: string, tenant: string, target: string, detail: JsonObject): void {
    if (!this.#room(`${action} ${actor}`)) return
    this.#deps.audit.append({ actor, action, tenant, target, detail }).catch((error: unknown) => {
      this.#deps.warn(`An entry of the audit trail was not written: ${messageOf(error)}`)
    })
  }

  #room(name: string): boolean {
    const minute = Math.floor(this.#now() / minuteMs)
    if (this.#all.minute !== minute) this.#all = { minute, count: 0 }
    const found = this.#keys.get(name)
    const own = found?.minute === minute ? found : { minute, count: 0 }
    if (own.count >= mostOfKey || this.#all.count >= mostInAll) return false
    own.count++
    this.#all.count++
    this.#keys.set(name, own)
    return true
  }
}
