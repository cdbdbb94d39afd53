import type { LedgerSink } from '../core/ledger.js'

/** Adds each line to a file, as one line of JSON. Only its owner may read it. */
export function fileSink(path: string): LedgerSink {
  /** What could not be written may have left half of a line. */
  let before = ''
  return async (lines) => {
    const { appendFile } = await import('node:fs/promises')
    const text = before + lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    before = '\n'
    await appendFile(path, text, { mode: 0o600 })
    before = ''
  }
}
