import { isBlank, isDigit } from './chars.js'
import { keyAround, mayHaveKey, openKey } from './private-key.js'
import { unitAt } from './text.js'
import { isWordLetter } from './word-table.js'

/** How far an entity with blanks in it goes back: numbers in groups, dates with the name of a month, `name=value;` pairs. */
export const longestSpaced = 816
const longestWord = 12
const mostWords = 3

/**
 * Where the part of a text begins that may still become an entity, or belong to one. An entity with blanks in it is made of digits,
 * short words or pairs; any other ends with white space, or with a character of a script that none is written in.
 */
export function undecided(text: string, maxLength: number): number {
  const least = Math.max(0, text.length - maxLength)
  if (!mayHaveKey(text)) return spacedStart(text, text.length, least)
  const key = openKey(text)
  // What the armour directly follows may be of one entity with it.
  const start = spacedStart(text, key >= least && key !== -1 ? key : text.length, least)
  // One that was cut ends where its lines do, which may look like a number in groups.
  const around = keyAround(text, start)
  return around >= least && around !== -1 ? spacedStart(text, around, least) : start
}

/** How far back the entity with blanks may begin whose last character so far stands before `end`. */
export function spacedStart(text: string, end: number, least: number): number {
  const chunk = chunkStart(text, end, least)
  const floor = Math.max(least, chunk - longestSpaced)
  let start = withWord(text, chunk, floor)
  for (let at = chunk, words = 0; words < mostWords; ) {
    const end = beforeBlanks(text, at)
    const from = chunkStart(text, end, floor)
    if (end === at || from === end) break
    if (isJoint(text, from, end)) {
      start = withWord(text, from, floor)
      words = 0
    } else if (end - from > longestWord && from < start) break
    else words++
    at = from
  }
  return start
}

/** How far from `start` on an entity with blanks may go: what {@link spacedStart} would come back from. */
export function spacedEnd(text: string, start: number, limit: number): number {
  let end = chunkEnd(text, start, limit)
  for (let at = end, words = 0; words < mostWords - 1; ) {
    const from = afterBlanks(text, at)
    const to = chunkEnd(text, from, limit)
    if (from === at || to === from) break
    if (isJoint(text, from, to)) {
      end = to
      words = 0
    } else if (to - from > longestWord) break
    else words++
    at = to
  }
  return end
}

/** The country of "GB29 …", the month of "May 12, 1990", the letters of "AB 12 34 56 C": one short word before the first digit. */
function withWord(text: string, at: number, floor: number): number {
  const end = beforeBlanks(text, at)
  if (end === at) return at
  const from = chunkStart(text, end, Math.max(floor, end - longestWord - 1))
  if (end - from <= longestWord) return from
  // It may stand behind the last mark of a long one, "…,see:AB 12 34 56 C", of which there is no half.
  let word = end
  while (word > from && isWordLetter(unitAt(text, word - 1))) word--
  return word > from && word < end ? chunkStart(text, end, floor) : at
}

function beforeBlanks(text: string, at: number): number {
  let end = at
  while (end > 0 && at - end < 4 && isBlank(unitAt(text, end - 1))) end--
  return end > 0 && isSolid(unitAt(text, end - 1)) ? end : at
}

function afterBlanks(text: string, at: number): number {
  let from = at
  while (from < text.length && from - at < 4 && isBlank(unitAt(text, from))) from++
  return from < text.length && isSolid(unitAt(text, from)) ? from : at
}

function chunkStart(text: string, end: number, floor: number): number {
  let start = end
  while (start > floor && isSolid(text.charCodeAt(start - 1))) start--
  return start
}

function chunkEnd(text: string, start: number, limit: number): number {
  let end = start
  while (end < text.length && end < limit && isSolid(text.charCodeAt(end))) end++
  return end
}

/** What goes on after a blank: digits, and pairs. */
function isJoint(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || code === 59 || code === 61) return true
  }
  return false
}

/** A character that some entity may have: none has white space, nor what East Asian sentences are made of. */
function isSolid(code: number): boolean {
  if (code < 0x2000) return code > 32 && code !== 0xa0
  return (code >= 0x2010 && code <= 0x2027) || (code >= 0x2070 && code < 0x3000)
}
