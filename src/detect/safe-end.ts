import { isBlank, isDigit } from './chars.js'
import { openKey } from './private-key.js'

/** How far an entity with blanks in it goes back: numbers in groups, dates with the name of a month, `name=value;` pairs. */
const longestSpaced = 300
const longestWord = 12

/**
 * Where the part of a text begins that may still become an entity, or belong to one. An entity with blanks in it is made of digits,
 * short words or pairs; any other ends with white space, or with a character of a script that none is written in.
 */
export function undecided(text: string, maxLength: number): number {
  const least = Math.max(0, text.length - maxLength)
  const chunk = chunkStart(text, text.length, least)
  const floor = Math.max(least, chunk - longestSpaced)
  let start = withWord(text, chunk, floor)
  for (let at = chunk, words = 0; words < 3; ) {
    const end = beforeBlanks(text, at)
    const from = chunkStart(text, end, floor)
    if (end === at || from === end) break
    if (isJoint(text, from, end)) {
      start = withWord(text, from, floor)
      words = 0
    } else if (end - from > longestWord) break
    else words++
    at = from
  }
  const key = openKey(text)
  // What the armour directly follows may be of one entity with it.
  return key >= least && key !== -1 ? Math.min(start, chunkStart(text, key, least)) : start
}

/** The country of "GB29 …", the month of "May 12, 1990", the letters of "AB 12 34 56 C": one short word before the first digit. */
function withWord(text: string, at: number, floor: number): number {
  const end = beforeBlanks(text, at)
  if (end === at) return at
  const from = chunkStart(text, end, Math.max(floor, end - longestWord - 1))
  return end - from > longestWord ? at : from
}

function beforeBlanks(text: string, at: number): number {
  let end = at
  while (end > 0 && at - end < 4 && isBlank(text.charCodeAt(end - 1))) end--
  return end > 0 && isSolid(text.charCodeAt(end - 1)) ? end : at
}

function chunkStart(text: string, end: number, floor: number): number {
  let start = end
  while (start > floor && isSolid(text.charCodeAt(start - 1))) start--
  return start
}

/** What goes on after a blank: digits, and pairs. */
function isJoint(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || code === 59 || code === 61) return true
  }
  return false
}

/** A character that some entity may have: none has white space of a line's end, nor what is beyond the general punctuation. */
function isSolid(code: number): boolean {
  return code > 32 && code !== 0xa0 && (code < 0x2000 || (code >= 0x2010 && code <= 0x2027))
}
