/** A report for spreadsheets: RFC 4180, of numbers that no spreadsheet rounds and texts that none runs. */
import { inputTotal, outputTotal } from '../../core/usage.js'
import type { Dimension, UsageRow } from './usage.js'

const columns: Readonly<Record<string, (row: UsageRow) => string | number>> = {
  calls: ({ calls }) => calls,
  attempts: ({ attempts }) => attempts,
  errors: ({ errors }) => errors,
  cancelled: ({ cancelled }) => cancelled,
  cached: ({ cached }) => cached,
  coalesced: ({ coalesced }) => coalesced,
  estimated: ({ estimated }) => estimated,
  unpriced: ({ unpriced }) => unpriced,
  input_tokens: ({ usage }) => inputTotal(usage),
  cache_read_tokens: ({ usage }) => usage.cacheRead,
  cache_write_tokens: ({ usage }) => usage.cacheWrite + usage.cacheWrite1h,
  output_tokens: ({ usage }) => outputTotal(usage),
  reasoning_tokens: ({ usage }) => usage.reasoning,
  duration_ms: ({ durationMs }) => durationMs,
  cost_usd: ({ cost }) => cost,
  saved_usd: ({ saved }) => saved,
}

/** @param by the dimensions that the report was asked for: they stand in front */
export function csvOf(rows: readonly UsageRow[], by: readonly Dimension[]): string {
  return lineOf([...by.map(quoted), ...Object.keys(columns)]) + csvRows(rows, by)
}

/** Without the names of the columns. */
export function csvRows(rows: readonly UsageRow[], by: readonly Dimension[]): string {
  const cellsOf = (row: UsageRow) => [
    ...by.map((dimension) => quoted(row.of[dimension] ?? '')),
    ...Object.values(columns).map((value) => String(value(row))),
  ]
  return rows.map((row) => lineOf(cellsOf(row))).join('')
}

const lineOf = (cells: readonly string[]) => `${cells.join(',')}\r\n`

/**
 * Spreadsheets take a cell that begins so for a formula, and where a country parts cells by semicolons one may begin in the
 * middle of ours: the apostrophe says that it is text. https://owasp.org/www-community/attacks/CSV_Injection
 */
const formula = /^(?=[=+\-@＝＋－＠\t\r\n])|(?<=[;\t\r\n]["']*)(?=[=+\-@＝＋－＠])/g

/** No text: a terminal would do what they say. */
const controls = /[^\P{Cc}\t\r\n]/gu

export function quoted(text: string): string {
  const safe = text.replace(controls, ' ').replace(formula, "'")
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
