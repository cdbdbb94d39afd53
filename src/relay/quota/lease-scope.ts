/** Which budget a client means, by the name that its store has for it; and whether it may be lent of that. */
import { LeashError } from '../../core/errors.js'
import { mostNano } from '../../core/money.js'
import type { BudgetScope } from '../../core/store.js'
import type { Budget } from '../../middleware/budget/options.js'
import type { Rule } from '../../middleware/budget/rules.js'
import { lastingName, readScopeName, type ScopeName, scopeName } from '../../middleware/budget/scope-name.js'
import { type Window, windowAt } from '../../middleware/budget/windows.js'
import { rulesIn } from '../policy/budgets.js'

interface Party {
  /** Of the key. Absent: it may be any of the tenant's. */
  readonly id?: string
  readonly tenant: string
  readonly user?: string
}

const mostCharacters = 2000

/** How far a client's clock may be off. */
const offMs = 60_000

/**
 * @param name as middleware/budget/scope-name.ts writes it
 * @param now milliseconds since 1970
 * @returns with the limit that the policy says
 * @throws LeashError as `lend` of leases.ts
 */
export function scopeFor(name: string, party: Party, budgets: readonly Budget[], now: number): BudgetScope {
  const named = read(name)
  const rule = rulesIn(budgets).find((rule) => rule.name === named.rule && rule.per !== 'call')
  const held = rule?.limits.find((limit) => limit.unit === named.unit)
  if (!rule || !held) throw unknown()
  const { endsAt } = windowOf(rule, named.window, now)
  checkWhose(rule, named.values, party)
  // A budget that only warns is counted and lends whatever is asked for.
  const limit = rule.action === 'warn' ? mostNano : held.limit
  return { key: name, limit, ...(endsAt !== undefined && { endsAt }) }
}

/**
 * A name of a length that nobody needs is refused, and not unknown: what is unknown the client holds nobody to. And there is
 * one way to write each: another would be counted by itself.
 */
function read(name: string): ScopeName {
  if (name.length > mostCharacters || !name.isWellFormed()) throw wrong(`has at most ${mostCharacters} characters`)
  const named = readScopeName(name)
  if (!named) throw unknown()
  if (scopeName(lastingName(named), named.window) !== name) throw wrong('is not written as JSON.stringify does')
  return named
}

/** Also of what a client counts for itself alone, such as what is spent in each hour: it goes by its own count then. */
function unknown(): LeashError {
  return new LeashError('not_found', 'The policy has no such budget.', { param: 'scope' })
}

function wrong(rule: string): LeashError {
  return new LeashError('invalid_request', `The name of the budget ${rule}.`, { param: 'scope' })
}

/** Of what a key says of itself, a client may say nothing else. */
function checkWhose({ subjects }: Rule, values: readonly string[], { id, tenant, user }: Party): void {
  if (subjects.length !== values.length)
    throw new LeashError('invalid_request', 'The budget is counted by something else now. Fetch the policy again.', {
      status: 409,
      param: 'scope',
    })
  const own: Readonly<Record<string, string | undefined>> = { tenant, user, key: id }
  for (const [at, subject] of subjects.entries())
    if ((own[subject] ?? values[at]) !== values[at])
      throw new LeashError('permission_denied', `The budget is that of another ${subject} than your key's.`, { param: 'scope' })
}

function windowOf({ per }: Rule, name: string, now: number): Window {
  if (name.split(' ')[0] !== per) throw unknown()
  const found = [now, now - offMs, now + offMs].map((at) => windowAt(per, at)).find((window) => window.name === name)
  if (found) return found
  throw wrong('has another window than that of now: set the clock of this machine')
}
