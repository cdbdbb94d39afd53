/**
 * Numbers by name and labels, and their text.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import type { Family } from './families.js'

interface Series {
  readonly labels: readonly string[]
  value: number
  /** Of a histogram: how many were at most each bound. */
  readonly counts?: number[]
  count: number
}

/** Values of one label. Models and tenants are named by callers, who may make up as many as they like. */
const mostValues = 100
/** Of one metric. */
const mostSeries = 2000
const longestValue = 100
const other = 'other'

export class Registry<Name extends string> {
  readonly #families: Readonly<Record<Name, Family>>
  readonly #series = new Map<Name, Map<string, Series>>()
  /** By the name of a label. */
  readonly #values = new Map<string, Set<string>>()

  constructor(families: Readonly<Record<Name, Family>>) {
    this.#families = families
  }

  /** @param labels in the order of the family's */
  add(name: Name, labels: readonly string[], amount = 1): void {
    this.#at(name, labels).value += amount
  }

  set(name: Name, labels: readonly string[], value: number): void {
    this.#at(name, labels).value = value
  }

  observe(name: Name, labels: readonly string[], value: number): void {
    const series = this.#at(name, labels)
    const { buckets = [] } = this.#families[name]
    series.value += value
    series.count++
    for (let place = buckets.length - 1; place >= 0 && value <= (buckets[place] ?? 0); place--) {
      if (series.counts) series.counts[place] = (series.counts[place] ?? 0) + 1
    }
  }

  /** Forgets what was set before: for a gauge that is read anew. */
  clear(name: Name): void {
    this.#series.delete(name)
  }

  text(): string {
    return (Object.keys(this.#families) as Name[]).map((name) => this.#familyText(name)).join('')
  }

  #at(name: Name, given: readonly string[]): Series {
    let all = this.#series.get(name)
    if (!all) {
      all = new Map()
      this.#series.set(name, all)
    }
    const family = this.#families[name]
    const labels = given.map((value, place) => this.#bounded(family.labels[place] ?? '', value))
    const key = labels.join('\n')
    const known = all.get(key)
    if (known) return known
    const full = all.size >= mostSeries
    const series: Series = {
      labels: full ? labels.map(() => other) : labels,
      value: 0,
      count: 0,
      ...(family.buckets && { counts: family.buckets.map(() => 0) }),
    }
    const place = full ? series.labels.join('\n') : key
    const there = all.get(place)
    if (there) return there
    all.set(place, series)
    return series
  }

  #bounded(label: string, value: string): string {
    const cut = value.length > longestValue ? value.slice(0, longestValue) : value
    let values = this.#values.get(label)
    if (!values) {
      values = new Set()
      this.#values.set(label, values)
    }
    if (values.has(cut)) return cut
    if (values.size >= mostValues) return other
    values.add(cut)
    return cut
  }

  #familyText(name: Name): string {
    const { type, help, labels, buckets } = this.#families[name]
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
    const all = [...(this.#series.get(name)?.values() ?? [])]
    // What has no labels and has not happened is 0.
    if (all.length === 0 && labels.length === 0) lines.push(`${name} 0`)
    for (const series of all) {
      const pairs = labels.map((label, place) => `${label}="${escaped(series.labels[place] ?? '')}"`)
      if (!buckets) {
        lines.push(`${name}${braced(pairs)} ${series.value}`)
        continue
      }
      for (const [place, bound] of buckets.entries())
        lines.push(`${name}_bucket${braced([...pairs, `le="${bound}"`])} ${series.counts?.[place] ?? 0}`)
      lines.push(
        `${name}_bucket${braced([...pairs, 'le="+Inf"'])} ${series.count}`,
        `${name}_sum${braced(pairs)} ${series.value}`,
        `${name}_count${braced(pairs)} ${series.count}`,
      )
    }
    return `${lines.join('\n')}\n`
  }
}

function braced(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
