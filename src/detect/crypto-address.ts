import { isDigit, isHex, isLetter } from './chars.js'
import type { Finder } from './scan.js'
import { sha256 } from './sha256.js'
import type { Text } from './text.js'

/**
 * Addresses of Bitcoin and what came of it (Litecoin, Dogecoin, Dash, Tron, Zcash' transparent ones), in base 58 and bech32, both with their
 * checksums; and of Ethereum, whose form is plain enough.
 */
export const cryptoAddress: Finder = {
  types: ['CRYPTO_ADDRESS'],
  trigger: { token: [26, 90] },
  longest: 90,
  find(scan, start, end) {
    const text = scan.text
    const length = end - start
    const first = text.codeAt(start)
    if (first === 48) {
      if (length === 42 && text.codeAt(start + 1) === 120 && isEthereum(text, start + 2, end))
        scan.report('CRYPTO_ADDRESS', start, end, 0.85)
    } else if (bech32Head(text, start) > 0) {
      if (isBech32(text, start, end)) scan.report('CRYPTO_ADDRESS', start, end, 0.98)
    } else if (length <= 36 && base58First(first) && isBase58Check(text, start, end))
      scan.report('CRYPTO_ADDRESS', start, end, 0.98)
  },
}

/** Forty hexadecimal digits that are not one of them over and over. */
function isEthereum(text: Text, start: number, end: number): boolean {
  let varied = 0
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at)
    if (!isHex(code)) return false
    if (at > start && code !== text.codeAt(at - 1)) varied++
  }
  return varied >= 10
}

const human = ['bc1', 'tb1', 'ltc1']

/** How long the part before the data is, with its `1`; 0 when it is no such address. */
function bech32Head(text: Text, start: number): number {
  for (const head of human) if (text.startsWith(head, start)) return head.length
  return 0
}

const bech32Alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const bech32Values = new Int8Array(128).fill(-1)
for (let value = 0; value < 32; value++) bech32Values[bech32Alphabet.charCodeAt(value)] = value
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/** BIP 173 and BIP 350. */
function isBech32(text: Text, start: number, end: number): boolean {
  const separator = start + bech32Head(text, start) - 1
  let check = 1
  const take = (value: number) => {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (let bit = 0; bit < 5; bit++) if ((top >>> bit) & 1) check ^= generator[bit] ?? 0
  }
  for (let at = start; at < separator; at++) take(text.codeAt(at) >> 5)
  take(0)
  for (let at = start; at < separator; at++) take(text.codeAt(at) & 31)
  for (let at = separator + 1; at < end; at++) {
    const value = bech32Values[text.codeAt(at)] ?? -1
    if (value === -1) return false
    take(value)
  }
  return check === 1 || check === 0x2bc830a3
}

const base58Alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const base58Values = new Int8Array(128).fill(-1)
for (let value = 0; value < 58; value++) base58Values[base58Alphabet.charCodeAt(value)] = value

/** Of Bitcoin `1 3`, Litecoin `L M`, Dogecoin `D A 9`, Dash `X 7`, Tron `T`, Zcash `t`, test nets `m n 2`. */
const base58First = (code: number): boolean => '13LMDA9X7Ttmn2'.includes(String.fromCharCode(code))

/** A version, twenty bytes of hash (Zcash has a version of two), and the first four bytes of their double hash. */
const decoded = new Uint8Array(26)
const digest = new Uint8Array(32)

function isBase58Check(text: Text, start: number, end: number): boolean {
  let [small, capital, digits] = [0, 0, 0]
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at)
    if ((base58Values[code] ?? -1) === -1) return false
    if (isDigit(code)) digits++
    else if (isLetter(code)) code >= 97 ? small++ : capital++
  }
  // A hexadecimal name has one case; an address of thirty characters never has.
  if (small < 3 || capital < 3 || digits === 0) return false
  const length = decode(text, start, end)
  if (length !== 25 && length !== 26) return false
  const payload = length - 4
  sha256(decoded.subarray(26 - length), payload, digest)
  sha256(digest, 32, digest)
  for (let byte = 0; byte < 4; byte++) if (digest[byte] !== decoded[26 - length + payload + byte]) return false
  return true
}

/** Four characters at once are multiplied by 58 to the fourth, sixteen bits at once. */
const together = 4
const limbs = new Int32Array(13)

/** To the end of `decoded`; how many bytes, or -1 when they are too many. */
function decode(text: Text, start: number, end: number): number {
  limbs.fill(0)
  for (let at = start; at < end; ) {
    let carry = 0
    let factor = 1
    for (const until = Math.min(end, at + together); at < until; at++, factor *= 58)
      carry = carry * 58 + (base58Values[text.codeAt(at)] ?? 0)
    for (let limb = limbs.length - 1; limb >= 0; limb--) {
      const value = (limbs[limb] ?? 0) * factor + carry
      carry = Math.floor(value / 0x10000)
      limbs[limb] = value - carry * 0x10000
    }
    if (carry > 0) return -1
  }
  for (let byte = 0; byte < decoded.length; byte++) decoded[byte] = (limbs[byte >> 1] ?? 0) >> (byte % 2 === 0 ? 8 : 0)
  let used = decoded.length
  while (used > 0 && decoded[decoded.length - used] === 0) used--
  // Each leading 1 is a zero byte.
  for (let at = start; at < end && text.codeAt(at) === 49; at++) used++
  return used
}
