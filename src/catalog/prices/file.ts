/** Prices in a JSON file, read at the start and again whenever it changes. */
import { LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import { type PriceRow, parseEntries } from './entry.js'

/**
 * Reads it at once, so that a program with a wrong file does not start. Asked of the process: a bundle for a runtime
 * without files must not import them.
 */
function fileSystem(): typeof import('node:fs') {
  const found = globalThis.process?.getBuiltinModule?.('node:fs')
  if (found) return found
  throw new LeashError(
    'invalid_config',
    '`prices.file` needs a file system, and this runtime has none. Give the prices themselves.',
  )
}

/** @throws LeashError `invalid_config` that names the file and what is wrong with it */
export function readPriceFile(path: string): PriceRow[] {
  const fs = fileSystem()
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch (cause) {
    throw new LeashError('invalid_config', `The price file ${path} cannot be read.`, { cause })
  }
  const entries = parseJson(text)
  if (entries === undefined) throw new LeashError('invalid_config', `The price file ${path} is no JSON.`)
  return parseEntries(entries, path)
}

/**
 * Tells of each change. It looks at the file itself, so that it also sees one that is replaced, moved in place or behind
 * a link that now leads elsewhere, as in a Kubernetes volume. It keeps no process alive.
 *
 * @returns a function that stops looking
 */
export function watchPriceFile(path: string, changed: () => void, everyMs: number): () => void {
  const fs = fileSystem()
  fs.watchFile(path, { interval: everyMs, persistent: false }, changed)
  return () => fs.unwatchFile(path, changed)
}
