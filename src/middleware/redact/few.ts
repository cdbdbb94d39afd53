/** The strings of one call are mostly few, and its texts short: to look for one after the other is done before a table is made. */
import type { Hit } from './sweep.js'

const mostStrings = 16
const longestText = 2048

export const areFew = (strings: readonly string[], text: string): boolean =>
  strings.length <= mostStrings && text.length <= longestText

/** As {@link Sweep} does. */
export function findFew(strings: readonly string[], text: string): Hit[] {
  const hits: Hit[] = []
  /** Where each stands next. */
  const starts = strings.map((string) => text.indexOf(string))
  for (let index = firstOf(strings, starts); index >= 0; index = firstOf(strings, starts)) {
    const start = starts[index] ?? 0
    const end = start + (strings[index]?.length ?? 0)
    hits.push({ start, end, index })
    for (const [other, at] of starts.entries()) if (at >= 0 && at < end) starts[other] = text.indexOf(strings[other] ?? '', end)
  }
  return hits
}

/** Of those that begin first, the longest; -1 when none stands anywhere. */
function firstOf(strings: readonly string[], starts: readonly number[]): number {
  let first = -1
  for (const [index, start] of starts.entries()) {
    if (start < 0) continue
    const before = first < 0 ? 1 : (starts[first] ?? 0) - start
    const longer = (strings[index]?.length ?? 0) > (strings[first]?.length ?? 0)
    if (before > 0 || (before === 0 && longer)) first = index
  }
  return first
}
