import { knownModels } from './models.js'

/** Names longer than this are no typing mistake, and would only cost time. */
const longest = 80

/** The known models whose names are nearest, best first: at most `limit`, and none that is too far off to be meant. */
export function nearestModels(model: string, limit = 3): readonly string[] {
  const wanted = spellings(model)
  const length = Math.max(...wanted.map((spelling) => spelling.length))
  if (length === 0 || length > longest) return []
  const allowed = Math.max(2, Math.floor(length / 4))
  const near = knownModels
    .map(({ name }) => ({ name, distance: apart(wanted, spellings(name), allowed) }))
    .filter((candidate) => candidate.distance <= allowed)
  // A stable sort: of names equally near, the newer one stands first in the table.
  near.sort((a, b) => a.distance - b.distance)
  return [...new Set(near.map(({ name }) => name))].slice(0, limit)
}

type Spellings = readonly [asItStands: string, numbersLast: string, withProvider: string]

/**
 * In lower case, without the provider in front: as it stands, and with the numbers last, so that `claude-4.5-sonnet` is
 * `claude-sonnet-4-5`. And with the provider, for a name whose slash is the mistake.
 */
function spellings(model: string): Spellings {
  const whole = model.slice(0, 2 * longest).toLowerCase()
  const words = wordsOf(whole.replace(/^.*\//, ''))
  const isNumber = (word: string) => /^\d/.test(word)
  return [
    words.join('-'),
    [...words.filter((word) => !isNumber(word)), ...words.filter(isNumber)].join('-'),
    wordsOf(whole).join('-'),
  ]
}

function wordsOf(text: string): string[] {
  return text.split(/[^a-z0-9]+/).filter(Boolean)
}

/** Names in which every letter is another are not near, however short they are. */
function apart(a: Spellings, b: Spellings, most: number): number {
  const distances = a.map((spelling, index) => {
    const other = b[index] ?? ''
    const found = distance(spelling, other, most)
    return found < Math.max(spelling.length, other.length) ? found : Number.POSITIVE_INFINITY
  })
  return Math.min(...distances)
}

/** Levenshtein's: single letters added, left out or replaced. Gives up, with more than `most`, as soon as it must be more. */
export function distance(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    let best = i
    for (let j = 1; j <= b.length; j++) {
      const kept = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const cell = Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
      next.push(cell)
      if (cell < best) best = cell
    }
    if (best > most) return most + 1
    row = next
  }
  return row[b.length] ?? 0
}
