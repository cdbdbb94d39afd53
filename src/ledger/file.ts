import { Lazy } from '../core/lazy.js'
import type { LedgerSink } from '../core/ledger.js'
import { isNode } from '../core/platform.js'

/** Adds each line to a file, as one line of JSON. Only its owner may read it. */
export function fileSink(path: string): LedgerSink {
  const node = new Lazy(() => Promise.all([import('node:fs'), import('node:worker_threads')]))
  void node.get().catch(() => {})
  let before = ''
  return async (lines) => {
    const [{ appendFile, appendFileSync, closeSync, openSync }, { isMainThread }] = node.value ?? (await node.get())
    const text = before + lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    // One operation, begun at once: a process of Node that ends in the midst of it does it all the same. Its workers do not, nor do Bun and Deno.
    const file = openSync(path, 'a', 0o600)
    try {
      if (isMainThread && isNode())
        await new Promise<void>((resolve, reject) => appendFile(file, text, (error) => (error ? reject(error) : resolve())))
      else appendFileSync(file, text)
      before = ''
    } catch (error) {
      // What could not be written may have left half of a line.
      before = '\n'
      throw error
    } finally {
      closeSync(file)
    }
  }
}
