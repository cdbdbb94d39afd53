/** Rows of one kind, column by column. On a phone each row is a small card. */
import type { ComponentChildren } from 'preact'

export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => ComponentChildren
  /** `name`: what the row is. `actions`: what may be done with it. */
  readonly as?: 'name' | 'number' | 'actions'
  readonly class?: string
}

/** The tenant, and under it who of the tenant's. */
export const whose: Column<{ readonly tenant?: string; readonly user?: string }> = {
  head: 'Tenant',
  class: 'long',
  cell: ({ tenant, user }) => (
    <>
      {tenant}
      {user && <span class="under">{user}</span>}
    </>
  ),
}

export interface TableProps<T> {
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  /** Those that are of no more use. */
  readonly past?: (row: T) => boolean
  /** There are many of them. */
  readonly dense?: boolean
}

export function Table<T>({ columns, rows, keyOf, past, dense = false }: TableProps<T>) {
  return (
    <div class="scroll">
      <table class={dense ? 'stack dense' : 'stack'}>
        <thead>
          <tr>
            {columns.map(({ head, as }) => (
              <th key={head} scope="col" class={as === 'number' ? as : ''}>
                {as === 'actions' ? <span class="unseen">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={past?.(row) ? 'past' : ''}>
              {columns.map((column) => (
                <Cell key={column.head} row={row} {...column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell<T>({ row, head, cell, as, class: name = '' }: Column<T> & { readonly row: T }) {
  if (as === 'name') return <th scope="row">{cell(row)}</th>
  if (as === 'actions') return <td class="row-actions">{cell(row)}</td>
  return (
    <td data-label={head} class={`${as ?? ''} ${name}`}>
      {cell(row)}
    </td>
  )
}

export interface ActionProps {
  readonly text: string
  /** What it is done to. */
  readonly to: string
  readonly risky?: boolean
  readonly onDo: () => void
}

/** Of a row. */
export function Action({ text, to, risky = false, onDo }: ActionProps) {
  return (
    <button type="button" class={risky ? 'quiet risky' : 'quiet'} aria-label={`${text} ${to}`} onClick={onDo}>
      {text}
    </button>
  )
}
