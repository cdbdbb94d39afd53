/** Who or what has used how much, the dearest first. */
import type { NamedRow } from '../../usage/statements.js'
import type { Dimension, UsageRow } from '../../usage/usage.js'
import { count, money, percent } from '../format.js'
import { tokensOf } from '../metrics.js'
import { Share } from './page.js'

export interface UsageTableProps {
  /** The dearest first. */
  readonly rows: readonly NamedRow[]
  /** Nano-dollars of all, also of those that are not among them. */
  readonly total: number
  readonly head: string
  /** What the rows are told apart by, and called unless they have a name. */
  readonly by: Dimension
  /** What is said where there is nobody to name. */
  readonly none?: string
  /** Where the name leads. */
  readonly href?: (row: UsageRow) => string
  /** Said below the name. */
  readonly under?: Dimension
  /** However many they are. */
  readonly all?: boolean
}

const mostRows = 8

export function UsageTable({ rows, total, head, by, none = 'none', href, under, all = false }: UsageTableProps) {
  const shown = all ? rows : rows.slice(0, mostRows)
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
          {shown.map((row) => {
            const named = row.name || row.of[by] || none
            const spent = row.nano / (total || 1)
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
      {rows.length > shown.length && (
        <p class="more">and others, {money(shown.reduce((left, { nano }) => left - nano, total))}</p>
      )}
    </div>
  )
}
