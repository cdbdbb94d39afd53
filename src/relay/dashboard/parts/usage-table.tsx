/** Who or what has used how much, the dearest first. */
import type { UsageRow } from '../../usage/usage.js'
import { count, money, percent } from '../format.js'
import { tokensOf } from '../metrics.js'
import { Share } from './page.js'

export interface UsageTableProps<T extends UsageRow> {
  readonly rows: readonly T[]
  readonly head: string
  readonly name: (row: T) => string
  /** Where the name leads. */
  readonly href?: (row: T) => string
  /** Said below the name. */
  readonly under?: (row: T) => string
  /** However many they are. */
  readonly all?: boolean
}

const mostRows = 8

export function UsageTable<T extends UsageRow>({ rows, head, name, href, under, all = false }: UsageTableProps<T>) {
  const sorted = [...rows].sort((a, b) => b.nano - a.nano || b.calls - a.calls)
  const total = sorted.reduce((sum, { nano }) => sum + nano, 0)
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
          {sorted.slice(0, shown).map((row) => (
            <tr key={JSON.stringify(row.of)}>
              <th scope="row">
                <span class="name">{href ? <a href={href(row)}>{name(row) || 'none'}</a> : name(row) || 'none'}</span>
                {under && <span class="under">{under(row)}</span>}
              </th>
              <td class="number">{count(row.calls)}</td>
              <td class="number extra">{count(tokensOf(row))}</td>
              <td class="number" title={`${percent(total === 0 ? 0 : row.nano / total)} of the spend`}>
                {money(row.nano)}
                <Share of={total === 0 ? 0 : row.nano / total} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && <p class="more">and {left} more</p>}
    </div>
  )
}
