/** What is found, and what one who looks may say. */

/**
 * Every type, in the order in which one wins over another that is as long and as sure.
 * `CUSTOM` is a caller's own string or pattern.
 */
export const entityTypes = [
  'CUSTOM',
  'PRIVATE_KEY',
  'CONNECTION_STRING',
  'API_KEY',
  'JWT',
  'PASSWORD',
  'CREDIT_CARD',
  'IBAN_CODE',
  'US_SSN',
  'US_ITIN',
  'UK_NINO',
  'PASSPORT',
  'DRIVER_LICENSE',
  'TAX_ID',
  'ROUTING_NUMBER',
  'ACCOUNT_NUMBER',
  'CRYPTO_ADDRESS',
  'EMAIL_ADDRESS',
  'URL_WITH_CREDENTIALS',
  'URL',
  'MAC_ADDRESS',
  'IP_ADDRESS',
  'DATE_OF_BIRTH',
  'PHONE_NUMBER',
  'ADDRESS',
  'PERSON',
] as const

export type EntityType = (typeof entityTypes)[number]

/** Found by guess rather than by form; looked for only when named in `types`, by `loadDetector`, and by `ner` in place of ours where it is given. */
export const optInTypes: readonly EntityType[] = ['ADDRESS', 'PERSON']

export interface Detection {
  readonly type: EntityType
  /** UTF-16 offsets, as `String.prototype.slice` takes them. */
  readonly start: number
  readonly end: number
  /** From 0 to 1: how sure, in the order of evidence (checksum and context, checksum, context, form), not a probability. */
  readonly confidence: number
  /** Of the caller's pattern that found it. */
  readonly name?: string
}

/** A caller's own pattern, in RE2's syntax: no look-around, no back-references, linear in the text. */
export interface CustomPattern {
  readonly name: string
  readonly pattern: string
  /** `i`, `m`, `s`. */
  readonly flags?: string
  /** 0.9 when left out. */
  readonly confidence?: number
  /** Words of which one must stand in the 72 characters before, or it is no match. Case does not count. */
  readonly context?: readonly string[]
  /** The longest match in characters that a stream has to hold back for; 256 when left out. Longer matches count in whole texts. */
  readonly maxLength?: number
}

export interface DetectOptions {
  /** All but `ADDRESS` and `PERSON` when left out. `CUSTOM` is always looked for. */
  readonly types?: readonly EntityType[]
  /** Never reported: a whole detection that equals one of the strings, or that a pattern matches from end to end. */
  readonly allow?: readonly (string | { readonly pattern: string; readonly flags?: string })[]
  /** Always reported, as `CUSTOM`, wherever they stand; case counts. */
  readonly deny?: readonly string[]
  readonly patterns?: readonly CustomPattern[]
  /** Further words that tell what the value after them is: `{ PHONE_NUMBER: ['extension'] }`. */
  readonly context?: Partial<Record<EntityType, readonly string[]>>
  /** What is less sure is dropped; 0.5 when left out. */
  readonly minConfidence?: number
  /** A recogniser of the caller's own, for names and places for instance, where ours are not asked then. Asked by `detectAll` alone, as it may be slow. */
  readonly ner?: (text: string) => readonly Detection[] | Promise<readonly Detection[]>
}

export interface Detector {
  /** In the order of the text, none overlapping another. */
  detect(text: string): Detection[]
  /** The same with what `ner` found. */
  detectAll(text: string): Promise<Detection[]>
  /**
   * How much of a text that goes on can be decided now: whatever follows, no entity that begins before this offset
   * reaches or is found beyond it.
   */
  safeEnd(text: string): number
  /** Whether an entity may begin in a text from there on, behind what was let go: false is certain, and sooner told than by looking. */
  mayBeginIn(text: string, from: number): boolean
  /** The most characters that `safeEnd` holds back. */
  readonly maxLength: number
  /** How many characters before a value may tell what it is: a stream keeps as many of what it has let go. */
  readonly lookBehind: number
}
