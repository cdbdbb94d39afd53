/** What the overview shows, each taken from a row of usage. */
import { inputTotal, outputTotal, total } from '../../core/usage.js'
import type { UsageRow } from '../usage/usage.js'
import { count, duration, money, percent, shortCount, shortMoney, wholeMoney } from './format.js'

export interface Metric {
  readonly name: string
  readonly of: (row: UsageRow) => number
  readonly format: (value: number) => string
  /** For the axis of a chart. */
  readonly short: (value: number) => string
  readonly note: (total: UsageRow) => string
}

export const tokensOf = ({ usage }: UsageRow): number => total(usage)

/** In nano-dollars. */
export const savedOf = ({ saved }: UsageRow): number => Number(saved) * 1e9

const reused = ({ cached, coalesced }: UsageRow): number => cached + coalesced
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

const spend: Metric = {
  name: 'Spend',
  of: ({ nano }) => nano,
  format: wholeMoney,
  short: shortMoney,
  note: ({ unpriced, nano, calls }) =>
    unpriced > 0 ? `${count(unpriced)} without a price` : `${money(share(nano, calls))} a request`,
}

export const metrics: readonly [Metric, ...Metric[]] = [
  spend,
  {
    name: 'Requests',
    of: ({ calls }) => calls,
    format: count,
    short: shortCount,
    note: ({ attempts }) => `${count(attempts)} attempts`,
  },
  {
    name: 'Tokens',
    of: tokensOf,
    format: count,
    short: shortCount,
    note: ({ usage }) => `${count(inputTotal(usage))} in, ${count(outputTotal(usage))} out`,
  },
  {
    name: 'Latency',
    of: ({ durationMs, attempts }) => share(durationMs, attempts),
    format: duration,
    short: duration,
    note: () => 'mean of an attempt',
  },
  {
    name: 'Errors',
    of: ({ errors, attempts }) => share(errors, attempts),
    format: percent,
    short: percent,
    note: ({ errors }) => `${count(errors)} failed ${errors === 1 ? 'attempt' : 'attempts'}`,
  },
  {
    name: 'Saved',
    of: savedOf,
    format: wholeMoney,
    short: shortMoney,
    note: (row) => `${count(reused(row))} answers reused`,
  },
]
