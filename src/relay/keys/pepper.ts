/** The secret without which the digests in a stolen database tell nothing of the keys, nor whether a guess is right. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { LeashError } from '../../core/errors.js'
import { makeOnce } from '../files.js'

/** A file beside the database, made at the first start; or the secret itself, from wherever replicas have theirs. */
export type Pepper = { readonly file: string } | { readonly secret: string }

const leastCharacters = 32

/** @throws LeashError `invalid_config` when it is too short, or the file cannot be read */
export async function pepperOf(pepper: Pepper): Promise<string> {
  const secret = 'secret' in pepper ? pepper.secret : await fromFile(pepper.file)
  if (secret.length >= leastCharacters) return secret
  throw new LeashError(
    'invalid_config',
    `The pepper of the relay's keys has at least ${leastCharacters} characters. Make one: openssl rand -hex 32.`,
  )
}

async function fromFile(file: string): Promise<string> {
  try {
    makeOnce(file, () => `${randomBytes(32).toString('base64url')}\n`)
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new LeashError('invalid_config', `The pepper of the relay's keys cannot be read from ${file}.`, { cause })
  }
}
