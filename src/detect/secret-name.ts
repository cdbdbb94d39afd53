import { isWord } from './chars.js'
import type { Text } from './text.js'

/** A password may be of any form; a key looks drawn at random. */
export type SecretKind = 'password' | 'key'

/** What names of secrets end with: `DB_PASSWORD`, `clientSecret`, `x-api-key`. Case, `_` and `-` do not count. */
const endings: readonly (readonly [kind: SecretKind, words: string])[] = [
  ['password', 'password passwd pwd passphrase passcode passwort kennwort'],
  [
    'key',
    `secret apikey accesskey secretkey privatekey accountkey encryptionkey signingkey masterkey authtoken accesstoken refreshtoken
     bearertoken bottoken apitoken sessiontoken idtoken personaltoken securitytoken clientsecret token`,
  ],
]

/** The words that end alike: `apikey`, `accesskey`. */
interface Endings {
  readonly kind: SecretKind
  /** The last three letters. */
  readonly tail: string
  /** What stands before those. */
  readonly heads: string[]
}

/** By their last letter, which is all that most names are looked at for. */
const byLastLetter: Endings[][] = Array.from({ length: 128 }, () => [])
for (const [kind, words] of endings) {
  for (const word of words.split(/\s+/)) {
    const [head, tail] = [word.slice(0, -3), word.slice(-3)]
    const alike = byLastLetter[word.charCodeAt(word.length - 1)]
    const known = alike?.find((ending) => ending.tail === tail && ending.kind === kind)
    if (known) known.heads.push(head)
    else alike?.push({ kind, tail, heads: [head] })
  }
}

/** What a name of a secret ends with. */
export const lastLetters = byLastLetter
  .map((alike, code) => (alike.length === 0 ? '' : String.fromCharCode(code, code - 32)))
  .join('')

/** Of which kind of secret the word that ends at `end` is a name; undefined when it is of none. */
export function secretNamed(text: Text, end: number): SecretKind | undefined {
  const last = text.codeAt(end - 1) | 32
  const alike = last < 128 ? byLastLetter[last] : undefined
  if (alike === undefined || alike.length === 0) return undefined
  for (const { kind, tail, heads } of alike) {
    const inner = matchedFrom(text, end, tail, false)
    if (inner === -1) continue
    for (const head of heads) {
      const start = matchedFrom(text, inner, head, true)
      // "Token" alone is a secret's name; `nextToken` and `csrf_token` are anything's.
      if (start !== -1 && (head !== 'to' || !isPartOfName(text.codeAt(start - 1)))) return kind
    }
  }
  return undefined
}

/** Where the word begins that ends at `end`, before more of the same name if it is `within` one; -1 when another does. */
function matchedFrom(text: Text, end: number, word: string, within: boolean): number {
  let at = end
  for (let letter = word.length - 1; letter >= 0; letter--) {
    let code = text.codeAt(--at)
    if ((code === 95 || code === 45) && (within || letter < word.length - 1)) code = text.codeAt(--at)
    if ((code | 32) !== word.charCodeAt(letter)) return -1
  }
  return at
}

/** Letters, digits, `_` and `-`. */
export const isPartOfName = (code: number): boolean => isWord(code) || code === 45
