/** A statement as a page to print: no script, nothing from elsewhere, and no text that could be anything else. */
import { hash } from 'node:crypto'
import { inputTotal, outputTotal } from '../../core/usage.js'
import { escaped, pagePolicy } from '../html.js'
import type { Statement } from './statements.js'
import type { UsageRow } from './usage.js'

const style = `
body { font: 14px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1rem; margin: 2rem 0 .5rem }
header { display: flex; justify-content: space-between; align-items: end; border-bottom: 2px solid; padding-bottom: 1rem }
header p { margin: 0; color: #555 } .total { font-size: 1.5rem; font-variant-numeric: tabular-nums }
table { width: 100%; border-collapse: collapse } th { text-align: left; font-weight: 600 }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #ddd } tr { break-inside: avoid }
.n { text-align: right; font-variant-numeric: tabular-nums } td { overflow-wrap: anywhere }
.note { color: #555 } @media print { body { margin: 0; max-width: none } } @page { margin: 18mm }
`

/** The one style is allowed by its digest, so not even a style that somebody has smuggled in would count. */
export const statementHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': pagePolicy(`style-src 'sha256-${hash('sha256', style, 'base64')}'`),
  'cache-control': 'private, no-store',
}

type Cell = (row: UsageRow & { readonly name?: string }) => string

export function statementPage(statement: Statement): string {
  const { name, tenant, plan, month, total, provisional, madeAt, byModel, byKey, byUser, byDay } = statement
  const notes = [
    ...(provisional ? ['This statement is provisional: calls of the month may still come in.'] : []),
    ...(total.unpriced > 0 ? [`${count(total.unpriced)} attempts have no known price, and are not in the sum.`] : []),
    ...(total.estimated > 0 ? [`The tokens or the cost of ${count(total.estimated)} attempts are estimates.`] : []),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(`${name}, ${month}`)}</title><style>${style}</style></head><body>
<header><div><h1>${escaped(name)}</h1><p>${escaped(tenant)} · ${escaped(plan)} · ${escaped(month)} (UTC)</p></div>
<div class="total">$${escaped(total.cost)}</div></header>
${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join('\n')}
${table('Models', byModel, { Provider: ({ of }) => of.provider ?? '', Model: ({ of }) => of.model ?? '' })}
${table('Keys', byKey, { Key: ({ of, name }) => [name, of.key].filter(Boolean).join(' · ') })}
${table('Users', byUser, { User: ({ of }) => of.user || 'none named' })}
${table('Days', byDay, { Day: ({ of }) => of.day ?? '' })}
<p class="note">Made at ${new Date(madeAt).toISOString()}. Amounts are US dollars, every nano-dollar of them.</p>
</body></html>
`
}

function table(title: string, rows: readonly UsageRow[], first: Readonly<Record<string, Cell>>): string {
  if (rows.length === 0) return ''
  const numbers: Readonly<Record<string, Cell>> = {
    Calls: ({ calls }) => count(calls),
    'Tokens in': ({ usage }) => count(inputTotal(usage)),
    'Tokens out': ({ usage }) => count(outputTotal(usage)),
    Cost: ({ cost }) => `$${cost}`,
  }
  const head = (names: readonly string[], kind: string) =>
    names.map((name) => `<th scope="col"${kind}>${escaped(name)}</th>`).join('')
  const cells = (row: UsageRow, of: readonly Cell[], kind: string) =>
    of.map((cell) => `<td${kind}>${escaped(cell(row))}</td>`).join('')
  const number = ' class="n"'
  return `<h2>${escaped(title)}</h2>
<table><thead><tr>${head(Object.keys(first), '')}${head(Object.keys(numbers), number)}</tr></thead><tbody>
${rows.map((row) => `<tr>${cells(row, Object.values(first), '')}${cells(row, Object.values(numbers), number)}</tr>`).join('\n')}
</tbody></table>`
}

const count = (number: number) => number.toLocaleString('en')
