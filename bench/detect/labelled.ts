/** Texts with their entities marked by hand, and how well a detector finds them. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface Span {
  readonly start: number
  readonly end: number
  readonly type: string
}

export interface Labelled {
  readonly id: string
  readonly text: string
  readonly spans: readonly Span[]
}

export interface Score {
  readonly type: string
  readonly labelled: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

export const f1 = (precision: number, recall: number): number =>
  precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)

/** Every `.jsonl` of a folder, or one file: lines of `{ id, text, spans: [{ start, end, type }] }`. */
export function readLabelled(path: string): Labelled[] {
  const files = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]
  return files
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line): Labelled => JSON.parse(line))
}

/** Lines as of `marked`. */
export const readMarked = (source: string): Labelled[] =>
  source
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ id: `line ${index + 1}`, ...marked(line) }))

/** A text with `{{TYPE|value}}` in it: what a person writes more easily than offsets. */
export function marked(source: string): { readonly text: string; readonly spans: readonly Span[] } {
  const spans: Span[] = []
  let text = ''
  let from = 0
  for (const { 0: mark, 1: type = '', 2: value = '', index } of source.matchAll(/\{\{([A-Z_0-9]+)\|([\s\S]*?)\}\}(?!\})/g)) {
    text += source.slice(from, index)
    spans.push({ type, start: text.length, end: text.length + value.length })
    text += value
    from = index + mark.length
  }
  return { text: text + source.slice(from), spans }
}

/** Types that a set does not tell apart. */
const same: Readonly<Record<string, string>> = { US_ITIN: 'US_SSN', URL_WITH_CREDENTIALS: 'URL' }

/**
 * A labelled span counts as found when half of it at least is covered by what was found of its type; what was found counts as right when it
 * touches a labelled span of its type.
 */
export function score(set: readonly Labelled[], detect: (text: string) => readonly Span[]): Score[] {
  const counts = new Map<string, { labelled: number; found: number; told: number; right: number }>()
  const count = (type: string) => {
    const known = counts.get(type) ?? { labelled: 0, found: 0, told: 0, right: 0 }
    counts.set(type, known)
    return known
  }
  for (const { text, spans } of set) {
    const told = detect(text).map((span) => ({ ...span, type: same[span.type] ?? span.type }))
    for (const span of spans) {
      const entry = count(same[span.type] ?? span.type)
      entry.labelled++
      if (covered(span, told) * 2 >= span.end - span.start) entry.found++
    }
    for (const span of told) {
      const entry = count(span.type)
      entry.told++
      if (covered(span, spans) > 0) entry.right++
    }
  }
  return [...counts]
    .map(([type, { labelled, found, told, right }]) => {
      const [precision, recall] = [told === 0 ? 0 : right / told, labelled === 0 ? 0 : found / labelled]
      return { type, labelled, precision, recall, f1: f1(precision, recall) }
    })
    .toSorted((a, b) => b.labelled - a.labelled)
}

/** How many characters of a span are under others of its type. */
function covered(span: Span, others: readonly Span[]): number {
  const type = same[span.type] ?? span.type
  return others
    .filter((other) => (same[other.type] ?? other.type) === type)
    .reduce((sum, other) => sum + Math.max(0, Math.min(span.end, other.end) - Math.max(span.start, other.start)), 0)
}
