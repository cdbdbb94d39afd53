/** Numbers by name and labels, within bounds, and the samples that they are told by. */
import type { Family } from './families.js'

/** Of a summary: kept by somebody else, and read as a whole. */
export interface Summary {
  readonly sum: number
  readonly count: number
  /** By share, such as 0.95. */
  readonly quantiles: Readonly<Record<string, number>>
}

/** One line of a family's text. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Series {
  readonly labels: readonly string[]
  value: number
  /** Of a histogram: how many were at most each bound. */
  readonly counts?: number[]
  count: number
  quantiles?: Summary['quantiles']
}

interface Shelf {
  readonly series: Map<string, Series>
  /** By label: values as they came, and as they are told. */
  readonly values: readonly Map<string, string>[]
}

/** Values of one label of one metric. Models and tenants are named by callers, who may make up as many as they like. */
const mostValues = 100
/** Of one metric. */
const mostSeries = 2000
const longestValue = 100
const other = 'other'

export class Registry<Name extends string> {
  readonly #families: Readonly<Record<Name, Family>>
  readonly #shelves = new Map<Name, Shelf>()

  constructor(families: Readonly<Record<Name, Family>>) {
    this.#families = families
  }

  /** @param labels in the order of the family's */
  add(name: Name, labels: readonly string[], amount = 1): void {
    this.#count(name, labels).value += amount
  }

  observe(name: Name, labels: readonly string[], value: number): void {
    const series = this.#count(name, labels)
    const { buckets = [] } = this.#families[name]
    series.value += value
    series.count++
    for (let place = buckets.length - 1; place >= 0 && value <= (buckets[place] ?? 0); place--) {
      if (series.counts) series.counts[place] = (series.counts[place] ?? 0) + 1
    }
  }

  /** Beyond the bounds it is left out: unlike counts, states do not add up. Those come first that matter most. */
  set(name: Name, labels: readonly string[], value: number): void {
    const series = this.#state(name, labels)
    if (series) series.value = value
  }

  /** Likewise; of several whose labels are the same once they are cut, the first stays until what was set is cleared. */
  setFirst(name: Name, labels: readonly string[], value: number): void {
    const series = this.#state(name, labels)
    if (series && series.count++ === 0) series.value = value
  }

  /** Likewise. */
  summarize(name: Name, labels: readonly string[], { sum, count, quantiles }: Summary): void {
    const series = this.#state(name, labels)
    if (series) Object.assign(series, { value: sum, count, quantiles })
  }

  /** Forgets what was set before: for what is read anew. */
  clear(name: Name): void {
    this.#shelves.delete(name)
  }

  samples(name: Name): Sample[] {
    const family = this.#families[name]
    return [...this.#shelf(name).series.values()].flatMap((series) => samplesOf(name, family, series))
  }

  #count(name: Name, given: readonly string[]): Series {
    const { series, values } = this.#shelf(name)
    const labels = given.map((value, place) => bounded(value, values[place]) ?? other)
    return (
      seriesAt(series, labels, this.#families[name]) ??
      put(
        series,
        labels.map(() => other),
        this.#families[name],
      )
    )
  }

  #state(name: Name, given: readonly string[]): Series | undefined {
    const { series, values } = this.#shelf(name)
    const labels = given.flatMap((value, place) => bounded(value, values[place]) ?? [])
    return labels.length < given.length ? undefined : seriesAt(series, labels, this.#families[name])
  }

  #shelf(name: Name): Shelf {
    let shelf = this.#shelves.get(name)
    if (!shelf) {
      shelf = { series: new Map(), values: this.#families[name].labels.map(() => new Map()) }
      this.#shelves.set(name, shelf)
    }
    return shelf
  }
}

/** Undefined where there is no room for one more. */
function seriesAt(all: Map<string, Series>, labels: readonly string[], family: Family): Series | undefined {
  return all.get(keyOf(labels)) ?? (all.size < mostSeries ? put(all, labels, family) : undefined)
}

function put(all: Map<string, Series>, labels: readonly string[], { buckets }: Family): Series {
  const key = keyOf(labels)
  const known = all.get(key)
  if (known) return known
  const series: Series = { labels, value: 0, count: 0, ...(buckets && { counts: buckets.map(() => 0) }) }
  all.set(key, series)
  return series
}

/** No value has a line break in it. */
const keyOf = (labels: readonly string[]) => labels.join('\n')

/** What is no text, since a program without types named a tenant by a number, is told as one: to throw here would end the process. */
function bounded(value: unknown, values: Map<string, string> | undefined): string | undefined {
  const text = String(value)
  const cut = text.length > longestValue ? text.slice(0, longestValue) : text
  const known = values?.get(cut)
  if (known !== undefined || !values || values.size >= mostValues) return known
  const told = cut.toWellFormed().replace(/\p{Cc}/gu, ' ')
  values.set(cut, told)
  return told
}

function samplesOf(name: string, family: Family, { labels: values, value, count, counts, quantiles }: Series): Sample[] {
  const labels = Object.fromEntries(family.labels.map((label, place) => [label, values[place] ?? '']))
  if (!counts && !quantiles) return [{ name, labels, value }]
  const bounds = (family.buckets ?? []).map((bound, place) => [String(bound), counts?.[place] ?? 0] as const)
  return [
    ...Object.entries(quantiles ?? {}).map(([quantile, value]) => ({ name, labels: { ...labels, quantile }, value })),
    ...(counts ? [...bounds, ['+Inf', count] as const] : []).map(([le, value]) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le },
      value,
    })),
    { name: `${name}_sum`, labels, value },
    { name: `${name}_count`, labels, value: count },
  ]
}
