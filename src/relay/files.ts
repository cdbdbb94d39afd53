import { mkdirSync } from 'node:fs'
import { LeashError } from '../core/errors.js'

/** Where the relay keeps its own, for its user alone. @throws LeashError `invalid_config` */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new LeashError('invalid_config', `The relay's \`folder\` ${folder} cannot be made: ${why}.`, { cause })
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
