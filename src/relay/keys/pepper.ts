/** The secret without which the digests in a stolen database tell nothing of the keys, nor whether a guess is right. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../../core/code-of.js'
import { LeashError } from '../../core/errors.js'

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
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    if (!existsSync(file)) await makeSecretFile(file, randomBytes(32).toString('base64url'))
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new LeashError('invalid_config', `The pepper of the relay's keys cannot be read from ${file}.`, { cause })
  }
}

/** Whole or not at all, and never over one that is there: every key would be lost with it. */
export async function makeSecretFile(file: string, secret: string): Promise<void> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  const made = await open(draft, 'wx', 0o600)
  try {
    await made.writeFile(`${secret}\n`)
    await made.sync()
    await link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await made.close()
    await unlink(draft)
  }
}
