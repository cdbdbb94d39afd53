/** What a tenant used in a month: the sums that an invoice is made of, exact to the nano-dollar. */
import { LeashError } from '../../core/errors.js'
import type { Keys } from '../keys/keys.js'
import type { Tenant } from '../people/tenants.js'
import { noUsageRow } from './report.js'
import type { Dimension, UsageLog, UsageRow, Where } from './usage.js'

/** Of a key, with its name. */
export interface NamedRow extends UsageRow {
  readonly name?: string
}

export interface Statement {
  readonly tenant: string
  readonly name: string
  readonly plan: string
  /** `2026-11`, in UTC. */
  readonly month: string
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
  readonly madeAt: number
  /** The month is not over, or has been for less than a day: calls of it may still come in. */
  readonly provisional: boolean
  readonly currency: 'USD'
  readonly total: UsageRow
  readonly byModel: readonly UsageRow[]
  readonly byKey: readonly NamedRow[]
  readonly byUser: readonly UsageRow[]
  readonly byDay: readonly UsageRow[]
}

export interface StatementsDeps {
  readonly usage: UsageLog
  readonly keys: Keys
  readonly now?: () => number
}

/** By what the rows of a statement as CSV are. Their costs sum up to the total. */
export const lineItems = ['provider', 'model', 'key', 'user'] as const satisfies readonly Dimension[]

/** What a statement is split by. Each of these sums up to the first. */
const parts: readonly (readonly Dimension[])[] = [[], ['provider', 'model'], ['key'], ['user'], ['day']]

/** Clients that could not reach the relay send what they kept. */
const lateMs = 86_400_000

/** Whose names are looked up. */
const mostNames = 500

export class Statements {
  readonly #usage: UsageLog
  readonly #keys: Keys
  readonly #now: () => number

  constructor({ usage, keys, now = Date.now }: StatementsDeps) {
    this.#usage = usage
    this.#keys = keys
    this.#now = now
  }

  /** Months in which there was usage, the newest first. */
  async months(where: Where): Promise<UsageRow[]> {
    const rows = await this.#usage.report({ by: ['month'], where })
    return rows.sort((a, b) => ((a.of.month ?? '') < (b.of.month ?? '') ? 1 : -1))
  }

  /** @param where of the tenant's usage alone @throws LeashError `invalid_request` for what is no month */
  async of({ slug, name, plan }: Tenant, month: string, where: Where): Promise<Statement> {
    const { from, to } = monthOf(month)
    const madeAt = this.#now()
    const [[total] = [], byModel = [], byKey = [], byUser = [], byDay = []] = await this.#usage.reports(
      parts.map((by) => ({ by, from, to, where: { ...where, tenant: slug } })),
    )
    return {
      ...{ tenant: slug, name, plan, month, from, to, madeAt },
      provisional: madeAt < to + lateMs,
      currency: 'USD',
      total: total ?? noUsageRow(),
      byModel,
      byKey: await namedBy(this.#keys, byKey),
      byUser,
      byDay: byDay.sort((a, b) => ((a.of.day ?? '') < (b.of.day ?? '') ? -1 : 1)),
    }
  }

  items({ slug }: Tenant, month: string, where: Where): Promise<UsageRow[]> {
    return this.#usage.report({ by: lineItems, ...monthOf(month), where: { ...where, tenant: slug } })
  }
}

/** @param rows by key */
export function namedBy(keys: Keys, rows: readonly UsageRow[]): Promise<NamedRow[]> {
  const named = async (row: UsageRow) => {
    const key = await keys.get(row.of.key ?? '')
    return key ? { ...row, name: key.name } : row
  }
  return Promise.all(rows.map((row, at) => (at < mostNames ? named(row) : row)))
}

function monthOf(month: string): { readonly from: number; readonly to: number } {
  const [, year, of] = /^(20\d\d)-(0[1-9]|1[0-2])$/.exec(month) ?? []
  if (year === undefined)
    throw new LeashError('invalid_request', 'A statement is of a month, such as 2026-11.', { param: 'month' })
  return { from: Date.UTC(Number(year), Number(of) - 1), to: Date.UTC(Number(year), Number(of)) }
}
