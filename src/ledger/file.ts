import type { LedgerSink } from '../core/ledger.js'

/** Adds each line to a file, as one line of JSON. Only its owner may read it. */
export function fileSink(path: string): LedgerSink {
  return async (lines) => {
    const { appendFile } = await import('node:fs/promises')
    await appendFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })
  }
}
