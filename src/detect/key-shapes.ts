import { alphanumeric, lookUp } from './chars.js'

/**
 * How vendors write their keys: prefix, how many characters follow, of which kind. Sources are the vendors' pages on authentication
 * and GitHub's list of secret scanning patterns (https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns).
 *
 * Kinds: `x` hexadecimal, `u` capitals and digits, `a` letters and digits, `t` those and `_ -`, `d` those and a full stop.
 */
const table = `
AKIA 16 u | ASIA 16 u | ABIA 16 u | ACCA 16 u
AIza 35 t | GOCSPX- 28 t | ya29. 20-2000 t
ghp_ 36 a | gho_ 36 a | ghu_ 36 a | ghs_ 36 a | ghr_ 36-76 a | github_pat_ 82 t
glpat- 20-60 d | gldt- 20-60 t | glrt- 20-60 d | glptt- 40 x | glcbt- 20-60 t | glsoat- 20-60 t | gloas- 64 x
sk-ant- 32-200 t | sk-proj- 32-250 t | sk-svcacct- 32-250 t | sk-admin- 32-250 t | sk-or-v1- 64 x | sk-lf- 36 t
gsk_ 52 a | xai- 40-120 a | pplx- 40-64 a | hf_ 34-40 a | r8_ 37-40 a | fw_ 20-48 a | tvly- 20-48 t | csk- 40-64 a | nvapi- 60-72 t
lsv2_pt_ 32-64 t | lsv2_sk_ 32-64 t | pcsk_ 40-90 t | jina_ 50-70 t | e2b_ 40 x | api_org_ 34-40 a
sk_live_ 16-247 a | sk_test_ 16-247 a | rk_live_ 16-247 a | rk_test_ 16-247 a | whsec_ 24-64 b
sq0atp- 22 t | sq0csp- 43 t | shpat_ 32 x | shpss_ 32 x | shpca_ 32 x | shppa_ 32 x
xoxb- 20-260 t | xoxp- 20-260 t | xoxa- 20-260 t | xoxr- 20-260 t | xoxs- 20-260 t | xoxe- 20-260 t | xoxe. 20-260 d | xapp- 20-260 t | xwfp- 20-260 t
npm_ 36 a | pypi-AgEI 60-250 t | rubygems_ 48 x | dckr_pat_ 27-40 t | dckr_oat_ 27-40 t | cio 32 a
dop_v1_ 64 x | doo_v1_ 64 x | dor_v1_ 64 x | HRKU- 36-70 t | nfp_ 36-44 a | sbp_ 40 x | sb_secret_ 20-60 t | pscale_tkn_ 32-64 d | pscale_pw_ 32-64 d
SG. 60-72 d | key- 32 x | SK 32 x | dapi 32-36 x | lin_api_ 32-48 a | ntn_ 40-50 a | secret_ 43 a | figd_ 38-50 t | ATATT3 60-250 e | PMAK- 59 t
NRAK- 27 u | glsa_ 40-44 t | glc_ 40-200 b | sntrys_ 60-250 b | sntryu_ 64 x | hvs. 24-120 t | hvb. 100-250 t | dp.pt. 40-48 a | dp.st. 40-90 d
sl. 60-160 t | CFPAT- 43 t | phx_ 40-60 t | AGE-SECRET-KEY-1 58 u | ops_eyJ 200-900 b | EAAA 58-64 t | PRMA- 32-64 t | tskey- 20-60 t`

export interface KeyShape {
  readonly prefix: string
  readonly least: number
  readonly most: number
  readonly allowed: (code: number) => boolean
  /** GitHub and npm end a token with the CRC-32 of the rest. */
  readonly checksum: boolean
}

/** What follows a prefix, by its kind. */
function among(...characters: readonly string[]): (code: number) => boolean {
  const table = new Uint8Array(128)
  for (const character of characters.join('')) table[character.charCodeAt(0)] = 1
  const isOne = lookUp(table)
  return (code) => isOne(code) !== 0
}

const token = `${alphanumeric}_-`

const kinds: Readonly<Record<string, (code: number) => boolean>> = {
  x: among('0123456789abcdefABCDEF'),
  u: among('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'),
  a: among(alphanumeric),
  t: among(token),
  d: among(token, '.'),
  b: among(token, '+/='),
  e: among(token, '='),
}

const checksummed = new Set(['ghp_', 'gho_', 'ghu_', 'ghs_', 'npm_'])

const shapes: readonly KeyShape[] = table
  .trim()
  .split(/\s*[|\n]\s*/)
  .map((entry) => {
    const [prefix = '', range = '', kind = ''] = entry.split(' ')
    const [least, most = least] = range.split('-').map(Number)
    return {
      prefix,
      least: least ?? 0,
      most: most ?? 0,
      allowed: kinds[kind] ?? among(alphanumeric),
      checksum: checksummed.has(prefix),
    }
  })

const none: readonly KeyShape[] = []
const byPair = new Map<number, KeyShape[]>()
for (const shape of shapes) {
  const pair = pairOf(shape.prefix.charCodeAt(0), shape.prefix.charCodeAt(1))
  if (!shape.prefix.endsWith('.')) byPair.set(pair, [...(byPair.get(pair) ?? []), shape])
}
const begins = new Uint8Array(2 ** 14)
for (const pair of byPair.keys()) begins[pair] = 1

function pairOf(first: number, second: number): number {
  return (first << 7) | second
}

/** Those whose prefix begins with these two characters; those with a full stop in it, which ends a token, apart. */
export const shapesOf = (first: number, second: number): readonly KeyShape[] =>
  first < 128 && second < 128 && begins[pairOf(first, second)] === 1 ? (byPair.get(pairOf(first, second)) ?? none) : none

export const dottedShapes: readonly KeyShape[] = shapes.filter(({ prefix }) => prefix.endsWith('.'))
