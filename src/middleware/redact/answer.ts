/** The way back: placeholders become values again, and what the model wrote of itself is looked at where that was asked for. */
import type { TextEdit } from '../../core/edited-pieces.js'
import { LeashError } from '../../core/errors.js'
import type { Detection, Detector, EntityType } from '../../detect/index.js'
import type { Counts } from './counts.js'
import type { AnswerMode } from './options.js'
import { masked } from './replacement.js'
import { restorations } from './restore.js'
import type { Decide, Reading } from './strand.js'
import type { Vault } from './vault.js'
import { isJson, viewOf, writtenAs } from './view.js'

/** What the model itself wrote is looked at by these rules. */
export interface AnswerRules {
  readonly modes: ReadonlyMap<EntityType, AnswerMode>
  readonly detector: Detector
}

/** What was found in an answer. */
export interface Seen {
  readonly replaced: Counts
  readonly annotated: Counts
  readonly blocked: Counts
}

/** @param rules absent where an answer is only restored */
export function deciding(vault: Vault, rules: AnswerRules | undefined, seen: Seen): Decide {
  return (text, reading) => {
    const { edits, open } = restorations(text, vault, () => (reading.whole ? isJson(text) : beginsJson(reading.head)))
    let end = reading.final ? text.length : open
    if (!rules) return { edits, end }
    const { around, final } = reading
    const before = around.length - text.length
    if (!final) end = Math.min(end, rules.detector.safeEnd(around) - before)
    if (!final && end <= 0) return { edits: [], end: 0 }
    if (edits.length === 0 && !rules.detector.mayBeginIn(around, before)) return { edits, end }
    const found = (reading.whole ? inWhole(text, rules) : inPart(before, reading, rules)).filter(
      ({ start, end }) => start >= 0 && !edits.some((edit) => edit.start < end && start < edit.end),
    )
    if (found.length === 0 && edits.length === 0) return { edits, end }
    const all: (TextEdit & { readonly found?: Detection })[] = [...edits, ...found].sort((a, b) => a.start - b.start)
    // What is not decided to its end is not begun either.
    for (const edit of all) if (edit.start < end && edit.end > end) end = edit.start
    const settled = all.filter((edit) => edit.end <= Math.max(0, end))
    for (const { found } of settled) if (found) note(found.type, rules, reading.repeated ? undefined : seen)
    return { edits: settled.filter(({ found }) => !found || rules.modes.get(found.type) !== 'annotate'), end: Math.max(0, end) }
  }
}

/** By its first characters: all that is known of a text that is still being written. A mark as `[1]` or `[ ]` is no list. */
function beginsJson(head: string): boolean {
  return /^\s*(?:\{\s*(?:"|$)|(?:\[\s*)+(?:[{"]|-?\d[\d.eE+-]*\s*,(?![\d\s,.-]*\])|$))/.test(head)
}

type Proposed = TextEdit & { readonly found: Detection }

function inWhole(text: string, { modes, detector }: AnswerRules): Proposed[] {
  const view = viewOf(text)
  return detector.detect(view.text).flatMap((found) => {
    const mode = modes.get(found.type)
    if (mode === undefined) return []
    return view.places(found.start, found.end).map(({ start, end, value, as }) => {
      const put = replacing(value, found.type, mode)
      return { start, end, found, text: writtenAs(as, put) }
    })
  })
}

/** @param before characters of it that have been let go */
function inPart(before: number, { around, head }: Reading, { modes, detector }: AnswerRules): Proposed[] {
  const all = detector.detect(around)
  if (all.length === 0) return []
  const json = beginsJson(head)
  return all.flatMap((found) => {
    const mode = modes.get(found.type)
    if (mode === undefined) return []
    // An escape must not be cut in two, neither in a value nor at its ends.
    const from = (json ? escapeAround(around, found.start)?.end : undefined) ?? found.start
    const to = (json ? escapeAround(around, found.end)?.start : undefined) ?? found.end
    if (from >= to) return []
    const value = around.slice(from, to)
    const text = replacing(json ? value.replace(escapes, '*') : value, found.type, mode)
    return [{ start: from - before, end: to - before, found, text }]
  })
}

const escapes = /\\(?:u[\da-f]{4}|.)/gis
const longestEscape = 6

/** The escape that this place is in the middle of: in `\nfoo`, the letter belongs to it. */
function escapeAround(text: string, at: number): { readonly start: number; readonly end: number } | undefined {
  for (let start = at - 1; start > at - longestEscape; start--) {
    if (text[start] !== '\\') continue
    let slashes = 1
    while (text[start - slashes] === '\\') slashes++
    const end = start + (text[start + 1] === 'u' ? longestEscape : 2)
    return slashes % 2 === 1 && end > at ? { start, end } : undefined
  }
  return undefined
}

function replacing(value: string, type: EntityType, mode: AnswerMode): string {
  return mode === 'mask' ? masked(value, type) : ''
}

function note(type: EntityType, { modes }: AnswerRules, seen: Seen | undefined): void {
  const mode = modes.get(type)
  const counts = mode === 'block' ? seen?.blocked : mode === 'annotate' ? seen?.annotated : seen?.replaced
  if (counts) counts[type] = (counts[type] ?? 0) + 1
  if (mode === 'block')
    throw new LeashError('policy_blocked', `The answer holds what may not be told: ${type}. See \`redact.response\`.`)
}
