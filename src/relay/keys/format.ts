/**
 * What a virtual key looks like: `lk_`, an id of 8 characters, `_`, 256 random bits in 43 characters of URL-safe base64, and a
 * CRC-32 of all that in 6 characters. By its beginning and its checksum a scanner of leaked secrets knows one, and a key that
 * was cut or mistyped is told without asking a database.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

export interface KeyParts {
  readonly id: string
  readonly secret: string
}

const begin = 'lk_'
const idLetters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const sumLetters = `0123456789${'abcdefghijklmnopqrstuvwxyz'.toUpperCase()}abcdefghijklmnopqrstuvwxyz`
const idLength = 8
const sumLength = 6
const shape = /^lk_([a-z0-9]{8})_([\w-]{43})([0-9A-Za-z]{6})$/

export function newId(): string {
  return Array.from({ length: idLength }, () => idLetters[randomInt(idLetters.length)]).join('')
}

export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function writeKey({ id, secret }: KeyParts): string {
  const text = `${prefixOf(id)}_${secret}`
  return text + checksum(text)
}

/** Enough to know a key by, and of no use to a thief. */
export function prefixOf(id: string): string {
  return begin + id
}

/** @returns undefined when it is no key that anybody has made */
export function readKey(presented: string): KeyParts | undefined {
  const [, id, secret, sum] = shape.exec(presented) ?? []
  if (id === undefined || secret === undefined) return undefined
  return checksum(presented.slice(0, -sumLength)) === sum ? { id, secret } : undefined
}

function checksum(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let place = 0; place < sumLength; place++) {
    written = sumLetters[rest % sumLetters.length] + written
    rest = Math.floor(rest / sumLetters.length)
  }
  return written
}
