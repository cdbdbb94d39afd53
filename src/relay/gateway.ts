/** The data plane: the same engine as in a process, behind HTTP, under the policy of whoever calls. */
import type { Control } from '../control/control.js'
import { LeasedBudgets } from '../control/leased-budgets.js'
import type { PolicyBundle } from '../control/wire.js'
import { Lazy } from '../core/lazy.js'
import { type Leash, type LeashOptions, openLeash } from '../leash.js'
import type { KeyRecord } from './keys.js'
import type { Leases } from './leases.js'
import { ownLender } from './own-lender.js'
import type { Policies, PolicyVersion } from './policies.js'
import type { UsageLog } from './usage.js'

export interface GatewayDeps {
  /** What every tenant's leash is made with: providers, timeouts and whatever else a policy does not say. */
  readonly options: LeashOptions
  readonly policies: Policies
  readonly leases: Leases
  readonly usage: UsageLog
  readonly warn: (message: string) => void
}

/** Tenants whose leash is kept ready. */
const mostReady = 1000

interface Ready {
  readonly leash: Leash
  readonly adopt: (version: PolicyVersion) => void
  version: number
}

export class Gateway {
  readonly #deps: GatewayDeps
  readonly #ready = new Map<string, Promise<Ready>>()

  constructor(deps: GatewayDeps) {
    this.#deps = deps
  }

  async handle(request: Request, { tenant, user, id }: KeyRecord): Promise<Response> {
    const leash = await this.#leashOf(tenant)
    return leash.handle(request, { leash: { tenant, key: id, ...(user !== undefined && { user }) } })
  }

  /** Of each tenant that has called of late. */
  async leashes(): Promise<ReadonlyMap<string, Leash>> {
    const all = await Promise.all([...this.#ready].map(async ([tenant, ready]) => [tenant, (await ready).leash] as const))
    return new Map(all)
  }

  async close(): Promise<void> {
    const all = [...this.#ready.values()]
    this.#ready.clear()
    await Promise.all(all.map(async (ready) => (await ready).leash.close()))
  }

  async #leashOf(tenant: string): Promise<Leash> {
    const inForce = await this.#deps.policies.inForce(tenant)
    let making = this.#ready.get(tenant)
    if (!making) {
      making = Promise.resolve(this.#open(tenant, inForce))
      this.#ready.set(tenant, making)
      this.#letGo()
    }
    const ready = await making
    if (ready.version !== inForce.version) {
      ready.version = inForce.version
      ready.adopt(inForce)
    }
    return ready.leash
  }

  /** Of the tenant that has come first. Its calls go on to their end. */
  #letGo(): void {
    const [first] = this.#ready
    if (this.#ready.size <= mostReady || !first) return
    this.#ready.delete(first[0])
    void first[1].then(({ leash }) => leash.close())
  }

  #open(tenant: string, first: PolicyVersion): Ready {
    const { options, policies, leases, usage, warn } = this.#deps
    const lender = ownLender(leases, tenant, async () => (await policies.inForce(tenant)).policy.budgets ?? [])
    const budgets = new LeasedBudgets({ connection: lender, whenAway: () => 'closed', warn })
    const listeners = new Set<(bundle: PolicyBundle) => void>()
    const control: Control = {
      ready: async () => bundleOf(first),
      onPolicy: (listener) => listeners.add(listener),
      check: () => {},
      binds: false,
      budgets,
      sink: async (lines) => {
        await usage.take({ lines })
      },
      close: () => budgets.close(),
    }
    const { leash } = openLeash(options, new Lazy(async () => control))
    leash.on('warning', ({ message }) => warn(`${tenant}: ${message}`))
    return {
      leash,
      version: first.version,
      adopt: (version) => {
        for (const listener of listeners) listener(bundleOf(version))
      },
    }
  }
}

/** Who calls is told with each request. */
function bundleOf({ tenant, version, policy, at }: PolicyVersion): PolicyBundle {
  return {
    revision: String(version),
    issuedAt: at,
    tenant,
    key: '',
    staleMs: Number.MAX_SAFE_INTEGER,
    whenStale: 'open',
    policy: { ...policy },
  }
}
