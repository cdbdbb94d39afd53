import { spacedEnd, spacedStart } from './safe-end.js'
import type { Scan } from './scan.js'
import { isPartOfName } from './secret-name.js'
import { longestValue, type Value } from './secret-value.js'
import type { Text } from './text.js'

/** How far the pairs before a secret and those after it are followed. */
const reach = longestValue / 2
const longestName = 40
/** Of the first word of a name that has two. */
const longestFirst = 12

/**
 * Reports the `name=value;` pairs that a secret stands among as a whole, as ADO.NET, ODBC and Azure write them:
 * `Server=db;User ID=app;Password=…;`. False when it stands alone. The address form, `postgres://…`, is found among addresses.
 */
export function connectionString(scan: Scan, nameEnd: number, value: Value): boolean {
  const text = scan.text
  const name = nameStart(text, nameEnd)
  if (text.codeAt(value.end) !== 59 && text.codeAt(name - 1) !== 59) return false
  const floor = Math.max(scan.pairsEnd, name - reach)
  // What a stream has let go already is of no entity that is found later.
  const start = firstPair(text, name, Math.max(floor, spacedStart(text.whole, name, floor)))
  const end = lastPair(text, name, value)
  if (start === name && end <= value.end + 1) return false
  scan.pairsEnd = end
  scan.report('CONNECTION_STRING', start, end, 0.9)
  return true
}

function nameStart(text: Text, end: number): number {
  let start = end
  while (start > 0 && end - start < longestName && isPartOfName(text.codeAt(start - 1))) start--
  return start
}

/** Where the first of the pairs begins. */
function firstPair(text: Text, name: number, floor: number): number {
  let start = name
  for (let at = name - 1, equals = 0; at >= floor; at--) {
    const code = text.codeAt(at)
    if (!isOfPairs(code)) break
    if (code === 61) equals = at
    else if (code === 59) {
      if (equals === 0 && at < name - 1) break
      equals = 0
    }
    if (equals > 0 && (at === floor || !isOfPairs(text.codeAt(at - 1)) || text.codeAt(at - 1) === 59))
      start = pairStart(text, equals, at) ?? start
  }
  return start
}

/** Where the name begins that is given a value at `equals`: one word, and one before it with a capital, as in `Data Source`; undefined where none is. */
function pairStart(text: Text, equals: number, floor: number): number | undefined {
  const last = text.codeAt(equals - 1) === 32 ? equals - 1 : equals
  const start = wordStart(text, last, floor)
  if (start === last) return undefined
  if (text.codeAt(start - 1) !== 32) return start
  const further = wordStart(text, start - 1, floor)
  const code = text.codeAt(further)
  return further < start - 1 && start - further < longestFirst && code >= 65 && code <= 90 ? further : start
}

function wordStart(text: Text, end: number, floor: number): number {
  let start = end
  while (start > floor && (isPartOfName(text.codeAt(start - 1)) || text.codeAt(start - 1) === 46)) start--
  return start
}

/** Past the last of them, with its semicolon if it has one. */
function lastPair(text: Text, name: number, value: Value): number {
  const limit = Math.min(text.length, Math.max(value.end, spacedEnd(text.whole, value.end, name + reach)))
  let end = value.end
  for (let at = end, equals = false; at < limit; at++) {
    const code = text.codeAt(at)
    if (!isOfPairs(code)) {
      if (equals) end = at
      break
    }
    if (code === 61) equals = true
    else if (code === 59) {
      if (!equals && at > value.end) break
      end = at + 1
      equals = false
    } else if (at === limit - 1 && equals) end = at + 1
  }
  return end
}

/** Anything on the line but quotes and brackets of markup. */
const isOfPairs = (code: number): boolean => code >= 32 && code !== 34 && code !== 39 && code !== 96 && code !== 60 && code !== 62
