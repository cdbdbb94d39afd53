/** Prices in a JSON file, read at the start and again whenever it changes. */
import type { Stats } from 'node:fs'
import { LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import { every } from '../../core/timers.js'
import { type PriceRow, parseEntries } from './entry.js'

export interface PriceFile {
  /** @throws LeashError `invalid_config` that names the file and what is wrong with it */
  read(): PriceRow[]
  /** Tells when the file is another than the one that was read. @returns a function that stops looking */
  watch(changed: () => void, everyMs: number): () => void
}

/**
 * It looks at the file itself, so that it also sees one that is moved in place, or behind a link that now leads elsewhere,
 * as in a Kubernetes volume.
 */
export function openPriceFile(path: string): PriceFile {
  const fs = fileSystem()
  let seen = ''
  return {
    read() {
      let text: string
      try {
        // Before the text: what is written in between is then seen as a change.
        seen = stampOf(fs.statSync(path))
        text = fs.readFileSync(path, 'utf8')
      } catch (cause) {
        throw new LeashError('invalid_config', `The price file ${path} cannot be read.`, { cause })
      }
      return parsed(text, path)
    },
    watch: (changed, everyMs) =>
      every(everyMs, () =>
        fs.stat(path, (_, stats) => {
          const stamp = stampOf(stats)
          if (stamp === seen) return
          seen = stamp
          changed()
        }),
      ),
  }
}

function stampOf(stats: Stats | undefined): string {
  return stats ? `${stats.ino} ${stats.mtimeMs} ${stats.size}` : ''
}

function parsed(text: string, path: string): PriceRow[] {
  const entries = parseJson(text)
  if (entries === undefined) throw new LeashError('invalid_config', `The price file ${path} is no JSON.`)
  return parseEntries(entries, path)
}

/**
 * Asked of the process, and so there at once: a program with a wrong file does not start, and a bundle for a runtime
 * without files imports none.
 */
function fileSystem(): typeof import('node:fs') {
  const found = globalThis.process?.getBuiltinModule?.('node:fs')
  if (found) return found
  throw new LeashError(
    'invalid_config',
    '`prices.file` needs a file system, and this runtime has none. Give the prices themselves.',
  )
}
