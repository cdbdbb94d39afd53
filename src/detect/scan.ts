import { type Context, type ContextReader, emptyContext } from './context.js'
import { NumberRun } from './number-run.js'
import { Text } from './text.js'
import { type Detection, type EntityType, entityTypes, optInTypes } from './types.js'

/** One text being read: what finders look at, and where they say what they found. */
export class Scan {
  readonly text = new Text()
  /** The run of numbers that finders of numbers are asked about. */
  readonly run = new NumberRun(this.text)
  /** Of the token that finders of tokens are asked about: its classes of characters, and how many digits it has. */
  seen = 0
  digits = 0
  found: Detection[] = []
  readonly #words: ContextReader
  readonly #wanted: ReadonlySet<EntityType>
  readonly #wantsAll: boolean
  /** What is less sure is dropped. */
  readonly least: number
  /** Where the address ends that was read last: what looks like one inside it is a part of it. */
  urlEnd = 0
  /** Likewise of hexadecimal groups with colons. */
  hexEnd = 0
  /** Likewise of the address of IPv6, which may end as one of IPv4 is written. */
  addressEnd = 0
  /** Likewise of a JSON Web Token, whose second part begins as its first does. */
  tokenEnd = 0
  /** Likewise of `name=value;` pairs. */
  pairsEnd = 0
  /** Likewise of the value without quotes that was read last. */
  readonly bare = { start: 0, end: 0, query: false }
  /** Likewise of the groups of capitals and digits that were read last. */
  readonly capitals = { start: 0, end: 0 }
  /** The two values whose contexts were read last: several finders ask about the same ones, that of a run and that of a part of it. */
  #read = -1
  #readBefore = -1
  #context = emptyContext()
  #contextBefore = emptyContext()
  #nearRead = -1
  #nearWanted = 0
  #isNear = false

  constructor(words: ContextReader, wanted: ReadonlySet<EntityType>, least: number) {
    this.#words = words
    this.#wanted = wanted
    this.#wantsAll = entityTypes.every((type) => optInTypes.includes(type) || wanted.has(type))
    this.least = least
  }

  open(text: string): void {
    this.text.open(text)
    this.found = []
    this.#read = this.#readBefore = this.#nearRead = -1
    this.#words.open()
    this.urlEnd = this.hexEnd = this.addressEnd = this.tokenEnd = this.pairsEnd = this.bare.end = this.capitals.end = 0
  }

  /** Lets go of the text, which may be large. */
  close(): Detection[] {
    const found = this.found
    this.found = []
    this.text.close()
    return found
  }

  /** What stands before the value at `at`. Good until the second call after this one. */
  before(at: number): Context {
    if (this.#read === at) return this.#context
    const context = this.#contextBefore
    const known = this.#readBefore === at
    this.#readBefore = this.#read
    this.#contextBefore = this.#context
    this.#read = at
    this.#context = context
    if (!known) this.#words.before(this.text, at, context)
    return context
  }

  /** Whether any word within reach before the value says any of this, of {@link Meaning}. */
  isNear(at: number, wanted: number): boolean {
    if (this.#nearRead !== at || this.#nearWanted !== wanted) {
      this.#nearRead = at
      this.#nearWanted = wanted
      this.#isNear = this.#words.isNear(this.text, at, wanted)
    }
    return this.#isNear
  }

  /** The run was read, and nobody who goes back has to read it again. */
  passRun(): void {
    const run = this.run
    this.#words.run(run.first, run.last, run.digits, run.bracket < run.count - 1)
  }

  after(at: number): { readonly meaning: number; readonly end: number } {
    return this.#words.after(this.text, at)
  }

  report(type: EntityType, start: number, end: number, confidence: number): void {
    if (confidence >= this.least && (this.#wantsAll || this.#wanted.has(type))) this.found.push({ type, start, end, confidence })
  }
}

/**
 * When a finder is asked, so that a text pays only for what it might hold: at characters, alone or with the one that follows them
 * (`@`, `:/`), where one of `before` and one of `after` or anything beyond ASCII stands beside them; at a run of numbers of so many
 * digits and of such a {@link Shape}; at a token of so many characters that has a digit, and letters if it is shorter than sixteen.
 */
export type Trigger =
  | { readonly characters: readonly string[]; readonly before?: string; readonly after?: string }
  | { readonly digits: readonly [least: number, most: number]; readonly shape?: number }
  | { readonly token: readonly [least: number, most: number] }

export interface Finder {
  readonly types: readonly EntityType[]
  readonly trigger: Trigger
  /** The most characters that one of its entities has. */
  readonly longest: number
  /** `start` and `end` are those of the character, run or token. Takes time bounded by what it reads, and reads nothing twice. */
  find(scan: Scan, start: number, end: number): void
}

const order = new Map<string, number>(entityTypes.map((type, index) => [type, index]))

/**
 * Detections in the order of the text. Those that overlap become one which covers them all, so that nothing that was found is left
 * in the open; it has the type of the longest of them, of equally long ones the surest, of equally sure ones the first in
 * `entityTypes`.
 */
export function merged(found: Detection[]): Detection[] {
  if (areApart(found)) return found
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const out: Detection[] = []
  let [best] = found as [Detection]
  let { start, end } = best
  for (let at = 1; at <= found.length; at++) {
    const next = found[at]
    if (next !== undefined && next.start < end) {
      if (beats(next, best)) best = next
      end = Math.max(end, next.end)
      continue
    }
    out.push(best.start === start && best.end === end ? best : { ...best, start, end })
    if (next !== undefined) ({ start, end } = best = next)
  }
  return out
}

/** In the order of the text and none overlapping another, as nearly all are found. */
function areApart(found: readonly Detection[]): boolean {
  let end = 0
  for (const one of found) {
    if (one.start < end) return false
    end = one.end
  }
  return true
}

function beats(one: Detection, other: Detection): boolean {
  const longer = one.end - one.start - (other.end - other.start)
  if (longer !== 0) return longer > 0
  if (one.confidence !== other.confidence) return one.confidence > other.confidence
  return (order.get(one.type) ?? 0) < (order.get(other.type) ?? 0)
}
