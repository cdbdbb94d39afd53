import { appendFile } from 'node:fs/promises'
import type { LedgerSink } from '../core/ledger.js'

/** Adds each line to a file, as one line of JSON. */
export function fileSink(path: string): LedgerSink {
  return (lines) => appendFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })
}
