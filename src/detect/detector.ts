import { LeashError } from '../core/errors.js'
import { loadPatternEngine, type PatternEngine } from '../core/patterns.js'
import { apiKey, azureSecret, digitlessKey } from './api-key.js'
import { assignedSecret } from './assigned-secret.js'
import { birth, birthToken } from './birth.js'
import { card } from './card.js'
import { ContextReader, lookBehind } from './context.js'
import { cryptoAddress } from './crypto-address.js'
import { compileCustom } from './custom.js'
import { email } from './email.js'
import { foldedOf } from './folded.js'
import type { Guess } from './guesses.js'
import { iban } from './iban.js'
import { ipv4, ipv6 } from './ip.js'
import { jwt } from './jwt.js'
import { labelledCode, labelledNumber } from './labelled.js'
import { dottedMac, mac } from './mac.js'
import { phone } from './phone.js'
import { privateKey } from './private-key.js'
import { undecided } from './safe-end.js'
import { type Finder, merged, Scan } from './scan.js'
import { Scanner } from './scanner.js'
import { spokenPassword } from './spoken-password.js'
import { type Detection, type DetectOptions, type Detector, type EntityType, entityTypes, optInTypes } from './types.js'
import { ukNino, ukNinoSpaced } from './uk-nino.js'
import { url } from './url.js'
import { maskedSsn, usIds } from './us-ids.js'
import { Meaning } from './words.js'

const finders: readonly Finder[] = [
  ...[email, url, ipv4, ipv6, mac, dottedMac],
  ...[card, iban, usIds, maskedSsn, ukNino, ukNinoSpaced, labelledNumber, labelledCode, birth, birthToken, phone],
  ...[cryptoAddress, apiKey, digitlessKey, azureSecret, jwt, privateKey, assignedSecret, spokenPassword],
]

/** What a caller's words for a type are taken to mean. */
const meaningOf: Partial<Record<EntityType, number>> = {
  CREDIT_CARD: Meaning.card,
  IBAN_CODE: Meaning.iban,
  US_SSN: Meaning.ssn,
  US_ITIN: Meaning.ssn,
  UK_NINO: Meaning.nino,
  PASSPORT: Meaning.passport,
  DRIVER_LICENSE: Meaning.licence | Meaning.driver,
  TAX_ID: Meaning.tax,
  ROUTING_NUMBER: Meaning.routing,
  ACCOUNT_NUMBER: Meaning.account,
  IP_ADDRESS: Meaning.ip,
  DATE_OF_BIRTH: Meaning.birth,
  PHONE_NUMBER: Meaning.phone,
}

/** What else has to be loaded for some options. */
interface Loaded {
  readonly engine?: PatternEngine
  readonly guesses?: readonly Guess[]
}

/** What a value may follow that has nothing in it which a finder is asked at: a name for a secret. */
const naming = /[:=]|[sn]wo/i

/** Behind a guess, as many characters may still say that it is none. */
const guessedAfter = 64

/** Compiles the options once. With `patterns`, patterns among `allow`, `PERSON` or `ADDRESS`, use `loadDetector`. */
export function createDetector(options: DetectOptions = {}, { engine, guesses = [] }: Loaded = {}): Detector {
  const wanted = wantedTypes(options)
  const asked = finders.filter(({ types }) => types.some((type) => wanted.has(type)))
  const scanner = new Scanner(asked)
  const least = options.minConfidence ?? 0.5
  if (!(least >= 0 && least <= 1)) throw new LeashError('invalid_config', 'minConfidence is from 0 to 1.')
  const scan = new Scan(new ContextReader(ownWords(options)), wanted, least)
  const custom = compileCustom(options, engine)
  const guessed = guesses.filter(({ type }) => wanted.has(type))
  const heldForGuesses = guessed.length === 0 ? 0 : guessedAfter + Math.max(...guessed.map(({ longest }) => longest))
  const maxLength = Math.max(custom.longest, 2 * heldForGuesses, ...asked.map(({ longest }) => longest))

  const sources = custom.isAny ? [custom, ...guessed] : guessed
  const isGuessing = sources.length > 0
  const foundIn = (text: string): Detection[] => {
    scan.open(text)
    scanner.run(scan)
    const all = scan.close()
    for (const source of sources)
      for (const detection of source.find(text)) if (detection.confidence >= least) all.push(detection)
    return all
  }
  const found = (text: string): Detection[] => {
    const all = foundIn(text)
    const folded = foldedOf(text)
    if (!folded) return all
    const { placeOf } = folded
    return all.concat(foundIn(folded.text).map((one) => ({ ...one, start: placeOf(one.start), end: placeOf(one.end - 1) + 1 })))
  }
  const told = (text: string, all: Detection[]) =>
    custom.allowsAny ? merged(all).filter(({ start, end }) => !custom.isAllowed(text.slice(start, end))) : merged(all)

  return {
    detect: (text) => told(text, found(text)),
    detectAll: async (text) => {
      const named = (await options.ner?.(text)) ?? []
      for (const { start, end, confidence } of named) {
        if (!(start >= 0 && start < end && end <= text.length))
          throw new LeashError('invalid_config', 'ner answered with offsets outside the text. Use UTF-16 offsets, end exclusive.')
        // What has none would be dropped as unsure, and leave.
        if (!(confidence >= 0 && confidence <= 1))
          throw new LeashError('invalid_config', 'ner answered without a `confidence` from 0 to 1.')
      }
      return told(text, [...found(text), ...named.filter(({ confidence }) => confidence >= least)])
    },
    safeEnd: (text) => {
      const end = undecided(text, maxLength)
      if (!custom.isAny && guessed.length === 0) return end
      // What overlaps is one, so that a match which may still come takes what it begins in along.
      const open = Math.max(0, Math.min(end, text.length - Math.max(heldForGuesses, custom.open(text))))
      const across = merged(found(text)).find(({ start, end: reach }) => start < open && reach > open)
      return across?.start ?? open
    },
    mayBeginIn: (text, from) => isGuessing || scanner.stopsIn(text, from) || naming.test(text.slice(0, from)),
    maxLength,
    lookBehind,
  }
}

/** Loads re2js when the options have patterns, and what guesses at names and addresses when they ask for those. */
export async function loadDetector(options: DetectOptions = {}): Promise<Detector> {
  const needed = (options.patterns ?? []).length > 0 || (options.allow ?? []).some((entry) => typeof entry !== 'string')
  const guessing = options.ner === undefined && options.types?.some((type) => optInTypes.includes(type))
  return createDetector(options, {
    ...(needed && { engine: await loadPatternEngine() }),
    ...(guessing && { guesses: (await import('./guesses.js')).guesses }),
  })
}

function wantedTypes({ types }: DetectOptions): ReadonlySet<EntityType> {
  const unknown = types?.find((type) => !entityTypes.includes(type))
  if (unknown !== undefined)
    throw new LeashError('invalid_config', `There is no type "${unknown}". There are ${entityTypes.join(', ')}.`)
  return new Set(types ?? entityTypes.filter((type) => !optInTypes.includes(type)))
}

function ownWords({ context = {} }: DetectOptions): (readonly [number, string])[] {
  return Object.entries(context).flatMap(([type, words]) => {
    const meaning = meaningOf[type as EntityType]
    if (meaning === undefined) {
      throw new LeashError(
        'invalid_config',
        `context: ${type} needs no words. Those that do are ${Object.keys(meaningOf).join(', ')}.`,
      )
    }
    return words.flatMap((word) => word.split(/\s+/).map((part) => [meaning, part] as const))
  })
}
