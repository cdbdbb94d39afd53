/**
 * What a policy has said of a call, and what it says of it when it is asked again: by the revision that was in force then, and by
 * the one that is in force now. Prompts are kept nowhere, so what hangs on one cannot be asked again.
 */
import { LeashError } from '../../core/errors.js'
import { asNumber, asObject, asString, isObject } from '../../core/json.js'
import type { LedgerLine } from '../../core/ledger.js'
import { type LeashOptions, openLeash } from '../../open-leash.js'
import { type Policy, underPolicy } from '../../policy.js'
import { protocolNamed } from '../../protocols/index.js'
import { budgetsOf, rulesIn } from '../policy/budgets.js'
import { composed } from '../policy/key-policy.js'
import { type Policies, policyName } from '../policy/policies.js'
import type { Sql } from '../store/sql.js'
import type { Audit, AuditEntry } from './audit.js'
import { blockedAction, blocking } from './decisions.js'

export interface ReplayDeps {
  readonly sql: Sql
  readonly audit: Audit
  readonly policies: Policies
  /** What the relay's own calls are made with. */
  readonly options: () => LeashOptions
}

export type Verdict =
  | { readonly verdict: 'allowed' }
  | { readonly verdict: 'blocked'; readonly code: string }
  /** It cannot be asked again. */
  | { readonly verdict: 'unknown'; readonly why: string }

export interface Replayed {
  readonly call: string
  readonly tenant: string
  readonly key: string
  readonly model: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The version of the tenant's policy that was in force; 0 is the relay's default, as it is today. */
  readonly policy: number
  /** Of the key's own, where it has one. */
  readonly keyPolicy?: number
  readonly recorded: Verdict
  readonly replayed: Verdict
  /** By the policy of today. */
  readonly today: Verdict
  /** Whether the policy says again what it has said. Null: it cannot be told. */
  readonly same: boolean | null
}

/** What is known of a call. */
interface Asked extends Omit<Replayed, 'replayed' | 'today' | 'same'> {
  readonly user?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly budget?: Figures
}

/** Of the budget that refused it. */
interface Figures {
  readonly rule: string
  readonly unit: string
  readonly taken: number
  readonly amount: number
}

/** What decides about no call by itself, or is judged by what is on record. */
const beside = ['budgets', 'cache', 'shadow']

export class Replay {
  readonly #deps: ReplayDeps

  constructor(deps: ReplayDeps) {
    this.#deps = deps
  }

  /** @param call its id, as in `x-leash-id` @throws LeashError `not_found` when nothing is known of it */
  async of(call: string): Promise<Replayed> {
    const asked = (await this.#blocked(call)) ?? (await this.#allowed(call))
    if (!asked) throw new LeashError('not_found', 'No decision about such a call is on record.')
    const { policies } = this.#deps
    const replayed = await this.#asked(asked, await this.#policyOf(asked))
    const today = await this.#asked(asked, (await policies.inForceFor({ tenant: asked.tenant, id: asked.key })).policy)
    const { recorded, user: _, tags: __, budget: ___, ...shown } = asked
    const told = replayed.verdict === 'unknown' ? null : JSON.stringify(replayed) === JSON.stringify(recorded)
    return { ...shown, recorded, replayed, today, same: told }
  }

  async #blocked(call: string): Promise<Asked | undefined> {
    const { items } = await this.#deps.audit.list({ action: blockedAction, target: call, limit: 1 })
    return items[0] && askedIn(items[0])
  }

  /** A call whose attempt is in the ledger was let through, by the policy that was in force when it began. */
  async #allowed(call: string): Promise<Asked | undefined> {
    const { sql } = this.#deps
    // By its tenant and id, of which there is an index: tenant by tenant, in which SQLite has no choice after a CROSS JOIN.
    const [row] = await (sql.beside ?? sql).all<{ line: string }>(
      `SELECT usage_lines.line AS line FROM tenants CROSS JOIN usage_lines
       WHERE usage_lines.tenant = tenants.slug AND usage_lines.id = $1`,
      [`${call}/1`],
    )
    if (!row) return undefined
    const { tenant = '', key = '', user, tags, provider, model, at }: LedgerLine = JSON.parse(row.line)
    const keyPolicy = await this.#versionAt(policyName(tenant, key), at)
    return {
      ...{ call, tenant, key, at, model: `${provider}/${model}`, policy: await this.#versionAt(tenant, at) },
      ...(keyPolicy > 0 && { keyPolicy }),
      ...(user !== undefined && { user }),
      ...(tags && { tags }),
      recorded: { verdict: 'allowed' },
    }
  }

  async #versionAt(name: string, at: number): Promise<number> {
    const [row] = await this.#deps.sql.all<{ version: number }>(
      'SELECT version FROM policies WHERE tenant = $1 AND at <= $2 ORDER BY version DESC LIMIT 1',
      [name, at],
    )
    return row?.version ?? 0
  }

  async #policyOf({ tenant, key, policy, keyPolicy }: Asked): Promise<Policy> {
    const { policies } = this.#deps
    const base = (await policies.version(tenant, policy)).policy
    if (keyPolicy === undefined) return base
    return composed(base, (await policies.version(policyName(tenant, key), keyPolicy)).policy, key)
  }

  async #asked(asked: Asked, policy: Policy): Promise<Verdict> {
    if (asked.recorded.verdict === 'blocked' && asked.recorded.code === 'policy_blocked')
      return { verdict: 'unknown', why: 'It hangs on what was said, which is kept nowhere.' }
    const access = await this.#dry(asked, policy)
    return access.verdict === 'allowed' && asked.budget ? byBudget(asked.budget, policy) : access
  }

  /** By the engine itself, which would send it if it were no dry run. */
  async #dry({ model, tenant, key, user, tags }: Asked, policy: Policy): Promise<Verdict> {
    const said: Policy = Object.fromEntries(Object.entries(policy).filter(([name]) => !beside.includes(name)))
    const { leash, engine } = openLeash({ ...underPolicy(this.#deps.options(), said), ledger: false, relay: false })
    try {
      const protocol = await protocolNamed('openai-chat')
      if (!protocol) return { verdict: 'unknown', why: 'There is no protocol to ask it in.' }
      const { result } = engine.run({
        ...{ protocol, model, stream: false, headers: {}, remote: true },
        body: { model, messages: [{ role: 'user', content: '' }], max_tokens: 1 },
        options: { dryRun: true, tenant, key, ...(user !== undefined && { user }), ...(tags && { tags }) },
      })
      await result
      return { verdict: 'allowed' }
    } catch (error) {
      if (!(error instanceof LeashError)) throw error
      // Whoever asked may have brought a key, and none is needed to judge.
      if (error.code === 'missing_key') return { verdict: 'allowed' }
      if (blocking.includes(error.code)) return { verdict: 'blocked', code: error.code }
      return { verdict: 'unknown', why: error.detail }
    } finally {
      await leash.close()
    }
  }
}

/** What was taken of the budget then, and what the call could have cost, against the limit that the policy says. */
function byBudget({ rule: name, unit, taken, amount }: Figures, policy: Policy): Verdict {
  const rule = rulesIn(budgetsOf(policy)).find((rule) => rule.name === name)
  const limit = rule?.limits.find((limit) => limit.unit === unit)?.limit
  if (limit === undefined || rule?.action === 'warn' || taken + amount <= limit) return { verdict: 'allowed' }
  return { verdict: 'blocked', code: 'budget_exceeded' }
}

function askedIn({ actor, tenant, target, at, detail }: AuditEntry): Asked {
  const { code, model, policy, keyPolicy, user, tags, budget } = detail
  const { rule, unit, taken, amount } = asObject(budget)
  const figures = {
    rule: asString(rule) ?? '',
    unit: asString(unit) ?? '',
    taken: asNumber(taken) ?? 0,
    amount: asNumber(amount) ?? 0,
  }
  return {
    ...{ call: target, tenant, key: actor, at, model: asString(model) ?? '', policy: asNumber(policy) ?? 0 },
    ...(typeof keyPolicy === 'number' && { keyPolicy }),
    ...(typeof user === 'string' && { user }),
    ...(isObject(tags) && { tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)])) }),
    ...(isObject(budget) && { budget: figures }),
    recorded: { verdict: 'blocked', code: asString(code) ?? '' },
  }
}
