/** The audit trail for whoever keeps it elsewhere: line by line, the oldest of what was asked for last. */
import { quoted } from '../usage/csv.js'
import type { Audit, AuditEntry, AuditQuery } from './audit.js'

export type AuditFormat = 'ndjson' | 'csv'

const atOnce = 1000

const columns = ['seq', 'at', 'actor', 'action', 'tenant', 'target', 'detail', 'previous', 'hash'] as const

/** Page by page, so that no trail is too long. */
export async function* auditLines(audit: Audit, query: AuditQuery, format: AuditFormat): AsyncGenerator<Uint8Array> {
  if (format === 'csv') yield Buffer.from(`${columns.join(',')}\r\n`)
  let before = query.before ?? Number.MAX_SAFE_INTEGER
  for (;;) {
    const { items, next } = await audit.list({ ...query, before, limit: atOnce })
    if (items.length > 0) yield Buffer.from(items.map(format === 'csv' ? csvOf : jsonOf).join(''))
    if (next === undefined) return
    before = Number(next)
  }
}

const jsonOf = (entry: AuditEntry) => `${JSON.stringify(entry)}\n`

function csvOf(entry: AuditEntry): string {
  const cells = { ...entry, at: new Date(entry.at).toISOString(), detail: JSON.stringify(entry.detail) }
  return `${columns.map((column) => quoted(String(cells[column]))).join(',')}\r\n`
}
