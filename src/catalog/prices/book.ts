/** Compiles prices from the data set, our own table and the user's entries, once for each model. */
import type { Price, PriceBook, Priced } from '../../core/price.js'
import { Recent } from '../../core/recent.js'
import { targetKey } from '../../core/target.js'
import { type Draft, draftOf, finished, type Label, overlaid, ownVersion } from './draft.js'
import type { PriceRow } from './entry.js'
import type { PriceData } from './genai.js'
import { changesOf, peakChanges, startOf, stretchOf } from './moments.js'
import { overrides } from './overrides.js'
import { type Spellings, spellingsOf } from './providers.js'

/** Rows from one origin. Later layers lie over earlier ones. */
export interface Layer {
  readonly rows: readonly PriceRow[]
  readonly label: Label
}

/** Our own table, over it a file, over it what stands in the options. */
export function layersOf(file: readonly PriceRow[], given: readonly PriceRow[]): readonly Layer[] {
  return [
    { rows: overrides, label: { source: 'leashllm', version: 'leashllm' } },
    { rows: file, label: { source: 'prices.file', version: ownVersion } },
    { rows: given, label: { source: 'prices', version: ownVersion } },
  ]
}

/** What is asked for: the names that a model goes by, its maker's last. */
interface Asked {
  readonly provider: string
  readonly names: readonly string[]
  readonly at: number
  /** Moments at which the answer may be another. */
  readonly changes: number[]
}

interface Compiled {
  readonly price: Price | null
  /** Where calls are held to a region. Absent: it costs the same there. */
  readonly inRegion: Price | undefined
  /** Somebody asked who could tell which model is behind the name. */
  readonly sure: boolean
  readonly since: number
  readonly until: number
}

const most = 1000
/** No vendor's name is longer; a prompt may have been passed in its place. */
const longest = 512
/** `like` may lead to an entry that has one, too; a circle ends here. */
const deepest = 4

export function createBook(data: PriceData, layers: () => readonly Layer[]): PriceBook {
  let compiled = new Recent<string, Compiled>(most)
  let from: { readonly edition: number; readonly layers: readonly Layer[] } = { edition: data.edition.count, layers: layers() }

  return {
    price(target, at = Date.now()) {
      const { provider, model } = target
      if (model.length > longest) return null
      const now = layers()
      if (from.edition !== data.edition.count || from.layers !== now) {
        from = { edition: data.edition.count, layers: now }
        compiled = new Recent(most)
      }
      const key = targetKey(provider.name, model)
      const known = compiled.get(key)
      const sure = provider.traits !== undefined
      const serves = known && (known.sure || !sure)
      if (serves && known.since <= at && at < known.until) return priceAt(target, known)
      const behind = provider.traits?.(model).baseModel
      const asked: Asked = {
        provider: provider.name,
        names: behind === undefined || behind === model ? [model] : [model, behind],
        at,
        changes: [],
      }
      const draft = compile(asked, data, now, deepest)
      if (draft?.peak) asked.changes.push(...peakChanges(draft.peak, at))
      const { since, until } = stretchOf(asked.changes, at)
      const found: Compiled = {
        price: draft ? finished(draft, at, until, false) : null,
        inRegion: draft?.regional === undefined ? undefined : finished(draft, at, until, true),
        sure,
        since,
        until,
      }
      // A question about the past must not drive out the present.
      if (!serves || since > known.since) compiled.set(key, found)
      return priceAt(target, found)
    },
  }
}

/** A provider may have to look into the environment to know where it is. */
function priceAt({ provider, origin }: Priced, { price, inRegion }: Compiled): Price | null {
  return inRegion && provider.inRegion?.(origin?.url) ? inRegion : price
}

function compile(asked: Asked, data: PriceData, layers: readonly Layer[], depth: number): Draft | undefined {
  const spelt = spellingsOf(asked.provider, asked.names.at(-1) ?? '')
  const names = new Set([...asked.names, ...(spelt?.names ?? [])])
  let draft = spelt && listed(spelt, asked, data)
  for (const { rows, label } of layers) {
    for (const row of rows) {
      if (![...names].some((name) => matches(row.models, `${asked.provider}/${name}`))) continue
      const { since, like } = row.entry
      if (since !== undefined) {
        const start = startOf(since)
        asked.changes.push(start)
        if (start > asked.at) continue
      }
      if (like !== undefined) draft = depth > 0 ? compile(likened(asked, like), data, layers, depth - 1) : undefined
      draft = overlaid(draft, row.entry, label)
    }
  }
  return draft
}

function listed({ id, names }: Spellings, { at, changes }: Asked, data: PriceData): Draft | undefined {
  const found = data.find(id, names, new Date(at))
  if (!found) return undefined
  changes.push(...changesOf(found.model, at))
  return draftOf(found.prices, data.edition.version, data.edition.date)
}

/** `azure/*` is the model of the same name there. */
function likened(asked: Asked, like: string): Asked {
  const slash = like.indexOf('/')
  const model = like.slice(slash + 1)
  return { ...asked, provider: like.slice(0, slash), names: model === '*' ? asked.names : [model] }
}

/** Letter case does not count; `*` is any run of letters. */
export function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*')
  const text = name.toLowerCase()
  if (rest.length === 0) return text === first
  const last = rest.pop() ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
