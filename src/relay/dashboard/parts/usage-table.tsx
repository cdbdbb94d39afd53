/** Who or what has used how much, the dearest first. */
import type { Dimension, UsageRow } from '../../usage/usage.js'
import { count, money, percent } from '../format.js'
import { tokensOf } from '../metrics.js'
import { Share } from './page.js'

export interface UsageTableProps<T extends UsageRow> {
  readonly rows: readonly T[]
  readonly head: string
  /** What the rows are told apart by, and called unless they have a name. */
  readonly by: Dimension
  readonly name?: (row: T) => string | undefined
  /** Where the name leads. */
  readonly href?: (row: T) => string
  /** Said below the name. */
  readonly under?: Dimension
  /** However many they are. */
  readonly all?: boolean
}

const mostRows = 8

export function UsageTable<T extends UsageRow>({ rows, head, by, name, href, under, all = false }: UsageTableProps<T>) {
  const sorted = [...rows].sort((a, b) => b.nano - a.nano || b.calls - a.calls)
  const total = sorted.reduce((sum, { nano }) => sum + nano, 0) || 1
  const shown = all ? sorted.length : mostRows
  const left = sorted.length - shown
  return (
    <div class="scroll">
      <table class="usage">
        <thead>
          <tr>
            <th scope="col">{head}</th>
            <th scope="col" class="number">
              Requests
            </th>
            <th scope="col" class="number extra">
              Tokens
            </th>
            <th scope="col" class="number">
              Spend
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map((row) => {
            const named = name?.(row) || row.of[by] || 'none'
            const spent = row.nano / total
            return (
              <tr key={JSON.stringify(row.of)}>
                <th scope="row">
                  <span class="name">{href ? <a href={href(row)}>{named}</a> : named}</span>
                  {under && <span class="under">{row.of[under]}</span>}
                </th>
                <td class="number">{count(row.calls)}</td>
                <td class="number extra">{count(tokensOf(row))}</td>
                <td class="number" title={`${percent(spent)} of the spend`}>
                  {row.nano || !row.unpriced ? money(row.nano) : 'no price'}
                  <Share of={spent} />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {left > 0 && <p class="more">and {left} more</p>}
    </div>
  )
}
