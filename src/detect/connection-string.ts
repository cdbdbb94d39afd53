import type { Scan } from './scan.js'
import { isPartOfName } from './secret-name.js'
import { longestValue, type Value } from './secret-value.js'

/** How far the pairs before a secret and those after it are followed. */
const reach = longestValue / 2
const longestName = 40

/**
 * Reports the `name=value;` pairs that a secret stands among as a whole, as ADO.NET, ODBC and Azure write them:
 * `Server=db;User ID=app;Password=…;`. False when it stands alone. The address form, `postgres://…`, is found among addresses.
 */
export function connectionString(scan: Scan, nameEnd: number, value: Value): boolean {
  const text = scan.text
  const name = nameStart(text, nameEnd)
  if (text.charCodeAt(value.end) !== 59 && text.charCodeAt(name - 1) !== 59) return false
  const start = firstPair(text, name, Math.max(scan.pairsEnd, name - reach))
  const end = lastPair(text, name, value)
  if (start === name && end <= value.end + 1) return false
  scan.pairsEnd = end
  scan.report('CONNECTION_STRING', start, end, 0.9)
  return true
}

function nameStart(text: string, end: number): number {
  let start = end
  while (start > 0 && end - start < longestName && isPartOfName(text.charCodeAt(start - 1))) start--
  return start
}

/** Where the first of the pairs begins. */
function firstPair(text: string, name: number, floor: number): number {
  let start = name
  for (let at = name - 1, equals = 0; at >= floor; at--) {
    const code = text.charCodeAt(at)
    if (!isOfPairs(code)) break
    if (code === 61) equals = at
    else if (code === 59) {
      if (equals === 0 && at < name - 1) break
      equals = 0
    }
    if (equals > 0 && (at === floor || !isOfPairs(text.charCodeAt(at - 1)) || text.charCodeAt(at - 1) === 59)) start = at
  }
  while (text.charCodeAt(start) === 32) start++
  return start
}

/** Past the last of them, with its semicolon if it has one. */
function lastPair(text: string, name: number, value: Value): number {
  let end = value.end
  for (let at = end, equals = false; at < text.length && at - name < reach; at++) {
    const code = text.charCodeAt(at)
    if (!isOfPairs(code)) {
      if (equals) end = at
      break
    }
    if (code === 61) equals = true
    else if (code === 59) {
      if (!equals && at > value.end) break
      end = at + 1
      equals = false
    } else if (at === text.length - 1 && equals) end = at + 1
  }
  return end
}

/** Anything on the line but quotes and brackets of markup. */
const isOfPairs = (code: number): boolean => code >= 32 && code !== 34 && code !== 39 && code !== 96 && code !== 60 && code !== 62
