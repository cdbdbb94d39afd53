/** Passwords at rest: scrypt of Node, as costly as OWASP asks for, and never more at once than the machine has memory for. */
import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import type { MaybePromise } from '../../core/store.js'
import { atOnce } from '../http/at-once.js'

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt: 32 MiB, three times */
const cost = { N: 2 ** 15, r: 8, p: 3 } as const
const keyBytes = 32
const saltBytes = 16

const least = 12
const most = 200

/** Each takes 32 MiB and a thread. */
const oneOfFew = atOnce(4, 'Too many sign in at once. Try again in a second.')

/** Stands for the password of somebody who has none, so that guessing at him takes as long. */
const nobody = `scrypt$${Buffer.alloc(saltBytes).toString('base64url')}$${Buffer.alloc(keyBytes).toString('base64url')}`

/** @throws LeashError `invalid_request` when it is too short or too long */
export async function hashOf(password: string): Promise<string> {
  if (password.length < least || password.length > most)
    throw new LeashError('invalid_request', `A password has ${least} to ${most} characters.`, { param: 'password' })
  const salt = randomBytes(saltBytes)
  return `scrypt$${salt.toString('base64url')}$${(await derived(password, salt)).toString('base64url')}`
}

/** Told of one that is looked at, and not of one for which there is no room. */
export type Begin = () => MaybePromise<void>

export async function matches(password: string, hash: string = nobody, begin?: Begin): Promise<boolean> {
  const [, salt = '', key = ''] = hash.split('$')
  const kept = Buffer.from(key, 'base64url')
  const shown = await derived(password.slice(0, most + 1), Buffer.from(salt, 'base64url'), begin)
  return kept.length === shown.length && timingSafeEqual(kept, shown) && hash !== nobody
}

/** Tells whether it is the same one still. With the salt in it, nobody guesses by it. */
export const markOf = (hash: string): string => createHash('sha256').update(hash).digest('base64url')

function derived(password: string, salt: Buffer, begin?: Begin): Promise<Buffer> {
  return oneOfFew(async () => {
    await begin?.()
    // People's keyboards write the same letter in more than one way.
    return derive(password.normalize('NFKC'), salt, { ...cost, maxmem: 64 * 1024 * 1024 })
  })
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
