/** Tells when a tenant spends far more in an hour than it is used to. docs/relay/reports.md has the rule in words. */
import { formatUsd, parseUsd } from '../../core/money.js'
import type { Notice } from '../webhooks/events.js'
import { hourMs, hourName } from './parts.js'
import type { UsageLog } from './usage.js'

export interface AnomalyOptions {
  /** How many deviations above what is usual is too much. @defaultValue 6 */
  readonly deviations?: number
  /** US dollars in an hour below which nothing is odd. @defaultValue 1 */
  readonly leastUsd?: number
}

export interface AnomalyWatchDeps {
  readonly usage: UsageLog
  readonly options: () => AnomalyOptions | false
  readonly publish: (notice: Notice) => Promise<unknown>
  readonly now: () => number
}

/** Hours that are looked back: a week. */
const mostHours = 7 * 24

/** Of those, the hours in which anything was spent. With fewer nobody knows what is usual. */
const leastHours = 12

/** The median of the distances from the median, times this, is the standard deviation of what is spread normally. */
const madToSigma = 1.4826

/** Spending that is the same in every hour has no spread: a tenth of it is taken for one, lest a cent be an anomaly. */
const leastSpread = 0.1

/** Less than this many times the usual is not odd, however even it was. */
const leastTimes = 2

const mostModels = 3

export class AnomalyWatch {
  readonly #deps: AnomalyWatchDeps

  constructor(deps: AnomalyWatchDeps) {
    this.#deps = deps
  }

  async look(): Promise<void> {
    const options = this.#deps.options()
    if (options === false) return
    const now = this.#deps.now()
    const hour = now - (now % hourMs)
    // The hour just over as well: what came after its last look, or late, would else be taken for told by the next.
    for (const from of [hour - hourMs, hour]) await this.#lookAtHour(from, options)
  }

  async #lookAtHour(hour: number, { deviations = 6, leastUsd = 1 }: AnomalyOptions): Promise<void> {
    const spending = await this.#deps.usage.report({ by: ['tenant'], from: hour, to: hour + hourMs })
    for (const { of, nano } of spending)
      if (of.tenant && nano >= parseUsd(leastUsd)) await this.#lookAt(of.tenant, hour, nano, deviations)
  }

  async #lookAt(tenant: string, hour: number, spent: number, deviations: number): Promise<void> {
    const { usage, publish } = this.#deps
    const where = { tenant }
    const hours = await usage.report({ by: ['hour'], from: hour - mostHours * hourMs, to: hour, where })
    const before = hours.map(({ nano }) => nano).filter((nano) => nano > 0)
    if (before.length < leastHours) return
    const { usual, limit } = limitOf(before, deviations)
    if (spent <= limit) return
    const name = hourName(hour - hourMs)
    // It goes on: whoever had to know was told when it began.
    if (hours.some(({ of, nano }) => of.hour === name && nano > limit)) return
    const models = await usage.report({ by: ['provider', 'model'], from: hour, to: hour + hourMs, where })
    await publish({
      type: 'cost.anomaly',
      tenant,
      once: `anomaly ${tenant} ${hourName(hour)}`,
      data: {
        ...{ tenant, hour: hourName(hour), spent: formatUsd(spent), usual: formatUsd(usual), limit: formatUsd(limit) },
        models: models.slice(0, mostModels).map(({ of, cost }) => ({ provider: of.provider ?? '', model: of.model ?? '', cost })),
      },
    })
  }
}

/** @param before what was spent in hours of the past, in nano-dollars */
export function limitOf(before: readonly number[], deviations: number): { readonly usual: number; readonly limit: number } {
  const usual = median(before)
  const spread = Math.max(madToSigma * median(before.map((nano) => Math.abs(nano - usual))), leastSpread * usual)
  return { usual, limit: Math.round(Math.max(usual + deviations * spread, leastTimes * usual)) }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]]
  return Math.round((low + high) / 2)
}
