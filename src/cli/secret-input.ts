import { text } from 'node:stream/consumers'
import { LeashError } from '../core/errors.js'

/**
 * A secret, by a variable or what is piped in. On a command line it would stand in the list of processes, and in the shell's
 * history.
 *
 * @param what it is, for the error
 */
export async function secretFrom(variable: string, what: string): Promise<string> {
  const given = process.env[variable] ?? (process.stdin.isTTY ? '' : (await text(process.stdin)).replace(/\r?\n$/, ''))
  if (given !== '') return given
  throw new LeashError('missing_key', `Pipe ${what} into the command, or set ${variable}.`)
}
