/** The data plane: the same engine as in a process, behind HTTP, under the policy of whoever calls. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Answered } from '../../answered.js'
import type { Control } from '../../control/control.js'
import { LeasedBudgets } from '../../control/leased-budgets.js'
import type { PolicyBundle } from '../../control/wire.js'
import { messageOf } from '../../core/errors.js'
import { Lazy } from '../../core/lazy.js'
import type { MaybePromise } from '../../core/store.js'
import { type Asked, createServe, type Serve } from '../../handler.js'
import { type Leash, type LeashInside, type LeashOptions, openLeash } from '../../open-leash.js'
import { underPolicy } from '../../policy.js'
import type { Audit } from '../audit/audit.js'
import { Decisions } from '../audit/decisions.js'
import type { Caller } from '../people/caller.js'
import { budgetsOf } from '../policy/budgets.js'
import { keyIn } from '../policy/key-policy.js'
import { type Policies, type PolicyVersion, policyName, revisionOf } from '../policy/policies.js'
import type { Leases } from '../quota/leases.js'
import { ownLender } from '../quota/own-lender.js'
import type { Replicas } from '../replicas/replicas.js'
import type { Journal } from '../usage/journal.js'
import type { KeysByProvider, VendorKeys } from '../vendors/vendor-keys.js'
import { withVendorKeys } from '../vendors/vendor-options.js'
import { beforeSending } from './before-sending.js'
import { identityOf } from './identity.js'
import { type RawPath, rawPath, targetAt } from './raw-path.js'
import { openVendorPool } from './vendor-pool.js'

export interface GatewayDeps {
  /** What every tenant's leash is made with: providers, timeouts and whatever else a policy does not say. */
  readonly options: LeashOptions
  readonly policies: Policies
  /** In place of the relay's own. */
  readonly vendorKeys: Pick<VendorKeys, 'of'>
  readonly leases: Leases
  readonly journal: Pick<Journal, 'add' | 'written' | 'close'>
  readonly audit: Pick<Audit, 'append'>
  readonly replicas: Pick<Replicas, 'storeOf'>
  readonly warn: (message: string) => void
}

/** Tenants whose leash is kept ready. */
const mostReady = 1000

/** A leash that is no longer asked for is closed after so long. */
const graceMs = 60_000

/** What a tenant's calls are made with. */
export interface Serving extends LeashInside {
  /** With the policy in force. */
  readonly options: LeashOptions
}

/** Whose calls they are. */
type Party = Pick<Caller, 'tenant' | 'id'>

interface Ready {
  readonly inside: LeashInside
  readonly serve: Serve
  readonly adopt: (version: PolicyVersion) => void
  readonly tenant: string
  /** The id of the key that it is for alone. */
  readonly key: string | undefined
  readonly keys: KeysByProvider
  /** Without a policy. */
  readonly own: LeashOptions
  inForce: PolicyVersion
  options: LeashOptions
  /** The higher, the later. */
  used: number
}

export class Gateway {
  #deps: GatewayDeps
  readonly #ready = new Map<string, Ready>()
  #uses = 0
  readonly #borrowed = new Map<string, { readonly budgets: LeasedBudgets; users: number }>()
  readonly #closing = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #vendors = openVendorPool()
  readonly #decisions: Decisions

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#decisions = new Decisions(deps)
  }

  serve(asked: Asked, caller: Caller): Promise<Answered> {
    const found = this.#readyFor(caller)
    return found instanceof Promise ? found.then((ready) => this.#serve(asked, caller, ready)) : this.#serve(asked, caller, found)
  }

  #serve(asked: Asked, caller: Caller, { serve, inside }: Ready): Promise<Answered> {
    const raw = this.rawAt(asked.path)
    if (!raw) return serve(asked, { leash: identityOf(caller) })
    return serve({ ...asked, path: raw.path }, { leash: identityOf(caller), target: targetAt(inside, raw.provider) })
  }

  /** Until what calls have cost so far survives this process; undefined when it does. A call is answered after that. */
  booked(): Promise<void> | undefined {
    return this.#deps.journal.written()
  }

  /** Of which vendor's own API an address is, if of any. */
  rawAt(pathname: string): RawPath | undefined {
    return rawPath(pathname, this.#deps.options)
  }

  async serving(caller: Party): Promise<Serving> {
    const { inside, options } = await this.#readyFor(caller)
    await inside.engine.ready()
    return { ...inside, options }
  }

  /** Calls to come are made with these. Those under way go on to their end as they began. */
  use(options: LeashOptions): void {
    this.#deps = { ...this.#deps, options }
    for (const [tenant, ready] of this.#ready) this.#shut(tenant, ready)
    this.#ready.clear()
  }

  /** Of each tenant that has called of late, and of keys with a policy of their own; the one that called last comes last. */
  leashes(): readonly (readonly [tenant: string, leash: Leash, key: string | undefined])[] {
    return this.#byUse().map(([, { tenant, inside, key }]) => [tenant, inside.leash, key])
  }

  async close(): Promise<void> {
    const all = [...this.#ready.values()]
    this.#ready.clear()
    this.#stopping.abort()
    await Promise.all([...all.map(({ inside }) => inside.leash.close()), ...this.#closing])
    await Promise.all([this.#deps.journal.close(), this.#vendors.close()])
  }

  /** At once when all is known that it takes. */
  #readyFor(caller: Party): MaybePromise<Ready> {
    const { policies, vendorKeys } = this.#deps
    const [inForce, keys] = [policies.inForceFor(caller), vendorKeys.of(caller.tenant)]
    if (!(inForce instanceof Promise || keys instanceof Promise)) return this.#readyBy(caller, inForce, keys)
    return Promise.all([inForce, keys]).then(([inForce, keys]) => this.#readyBy(caller, inForce, keys))
  }

  #readyBy(caller: Party, inForce: PolicyVersion, keys: KeysByProvider): Ready {
    // A key with a policy of its own has a leash of its own.
    const name = inForce.keyVersion === undefined ? caller.tenant : policyName(caller.tenant, caller.id)
    const before = this.#ready.get(name)
    const known = before?.keys === keys
    if (before && !known) this.#shut(name, before)
    const ready = before && known ? before : this.#open(caller, inForce, keys)
    ready.used = ++this.#uses
    if (!known) {
      this.#ready.set(name, ready)
      this.#letGo()
    }
    if (ready.inForce !== inForce) {
      ready.inForce = inForce
      ready.options = underPolicy(ready.own, inForce.policy, ready.options)
      ready.adopt(inForce)
    }
    return ready
  }

  /** Of whoever has not come for the longest time. */
  #letGo(): void {
    if (this.#ready.size <= mostReady) return
    for (const [name, ready] of this.#byUse().slice(0, -mostReady)) {
      this.#ready.delete(name)
      this.#shut(name, ready)
    }
  }

  #byUse(): [name: string, ready: Ready][] {
    return [...this.#ready].sort(([, one], [, other]) => one.used - other.used)
  }

  /** Its calls go on to their end, and those begin whose body is still coming. */
  #shut(tenant: string, { inside }: Ready): void {
    const closing: Promise<void> = paused(graceMs, this.#stopping.signal)
      .then(() => inside.leash.close())
      .catch((error) => this.#deps.warn(`${tenant}: ${messageOf(error)}`))
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** A tenant's leashes borrow together, lest one keeps what another could use. */
  #borrow(tenant: string): { readonly budgets: LeasedBudgets; leave(): Promise<void> } {
    const { policies, leases, warn } = this.#deps
    const inForce = (id: string | undefined) =>
      id === undefined ? policies.inForce(tenant) : policies.inForceFor({ tenant, id })
    const lender = ownLender(leases, tenant, async (scope) => budgetsOf((await inForce(keyIn(scope))).policy))
    const borrowed = this.#borrowed.get(tenant) ?? {
      budgets: new LeasedBudgets({ connection: lender, whenAway: () => 'closed', warn }),
      users: 0,
    }
    this.#borrowed.set(tenant, borrowed)
    borrowed.users++
    return {
      budgets: borrowed.budgets,
      leave: async () => {
        borrowed.users--
        if (borrowed.users > 0) return
        if (this.#borrowed.get(tenant) === borrowed) this.#borrowed.delete(tenant)
        await borrowed.budgets.close()
      },
    }
  }

  #open({ tenant, id }: Party, first: PolicyVersion, keys: KeysByProvider): Ready {
    const { journal, warn } = this.#deps
    const store = this.#deps.replicas.storeOf(tenant)
    const providers = withVendorKeys(this.#deps.options.providers, keys)
    const options = { ...(store && { store }), ...this.#deps.options, providers }
    const { budgets, leave } = this.#borrow(tenant)
    const listeners = new Set<(bundle: PolicyBundle) => void>()
    // It is listened to from the first call on, which may come long after the leash was made.
    let current = first
    const control: Control = {
      ready: async () => bundleOf(current),
      onPolicy: (listener) => listeners.add(listener),
      check: () => {},
      binds: false,
      budgets,
      sink: (lines) => journal.add(lines),
      close: leave,
    }
    // Its lines are in the database, and nobody asks the leash for them.
    const own = {
      fetch: this.#vendors.transport,
      ...options,
      use: [...(options.use ?? []), beforeSending],
      ledger: { ...ledgerOf(options), keep: 1 },
    }
    const inside = openLeash(own, new Lazy(async () => control))
    this.#decisions.hear(inside.engine, () => current)
    // It may have words of a caller in it, such as the name of a model.
    inside.leash.on('warning', ({ message }) => warn(`${tenant}: ${message.slice(0, 1000)}`))
    return {
      inside,
      tenant,
      key: first.keyVersion === undefined ? undefined : id,
      keys,
      own: options,
      serve: createServe(inside.engine, options),
      inForce: first,
      used: 0,
      options: underPolicy(options, first.policy),
      adopt: (version) => {
        current = version
        for (const listener of listeners) listener(bundleOf(version))
      },
    }
  }
}

/** Nobody waits for it: the process may end. */
const paused = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal, ref: false }).catch(() => {})

const ledgerOf = ({ ledger }: LeashOptions) => (typeof ledger === 'object' ? ledger : {})

/** Who calls is told with each request. */
function bundleOf(inForce: PolicyVersion): PolicyBundle {
  const { tenant, policy, at } = inForce
  return {
    revision: revisionOf(inForce),
    issuedAt: at,
    tenant,
    key: '',
    staleMs: Number.MAX_SAFE_INTEGER,
    whenStale: 'open',
    policy: { ...policy },
  }
}
