import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../core/code-of.js'
import { LeashError, messageOf } from '../core/errors.js'

/** Where the relay keeps its own, for its user alone. @throws LeashError `invalid_config` */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new LeashError('invalid_config', `The relay's \`folder\` ${folder} cannot be made: ${messageOf(cause)}.`, { cause })
  }
}

/**
 * Makes a file of secrets that is not there, readable by its owner alone: whole or not at all, and never over one that is there. Another
 * relay in the same folder may be quicker: then its secret is that of both.
 */
export function makeOnce(file: string, text: () => string | Buffer): void {
  if (existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
  try {
    writeFileSync(draft, text(), { mode: 0o600, flag: 'wx', flush: true })
    linkSync(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * A file that the code reads: in the source, seen from this folder; in the package in `dist/relay/`, whose code lies in chunks.
 *
 * @param source where it is in the source
 * @param packaged its name in the package
 */
export function relayFile(source: string, packaged: string): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL(source, here)
  const dist = here.slice(0, here.lastIndexOf('/dist/') + '/dist/'.length)
  return new URL(`relay/${packaged}`, dist)
}
