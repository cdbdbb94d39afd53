/** A strict reader of Prometheus' text: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadFamily {
  readonly type: string
  readonly help: string
  readonly samples: ReadSample[]
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/
const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y

/** @throws Error that names the first line that is not as it must be */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.')
  const families = new Map<string, ReadFamily>()
  const seen = new Set<string>()
  let help: readonly string[] = []
  let family: readonly [string, ReadFamily] | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') help = [name, rest]
    else if (kind === 'TYPE') {
      if (families.has(name) || help[0] !== name) throw new Error(`It is told twice, or without help: ${line}`)
      family = [name, { type: rest, help: help[1] ?? '', samples: [] }]
      families.set(...family)
    } else {
      const sample = readSample(line)
      const [of = '', { type, samples } = { type: '', samples: [] as ReadSample[] }] = family ?? []
      if (!(suffixes[type] ?? ['']).some((suffix) => sample.name === of + suffix)) throw new Error(`It is of no family: ${line}`)
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw new Error(`It is told twice: ${line}`)
      seen.add(key)
      samples.push(sample)
    }
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') checkHistogram(name, samples)
  return families
}

function readSample(line: string): ReadSample {
  const [, name = '', inside, number = ''] = sampleLine.exec(line) ?? []
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number)
  if (name === '' || Number.isNaN(value) || inside === '') throw new Error(`It is no sample: ${line}`)
  const labels: Record<string, string> = {}
  pair.lastIndex = 0
  while (inside !== undefined && pair.lastIndex < inside.length) {
    const [, label, escaped] = pair.exec(inside) ?? []
    if (label === undefined || escaped === undefined) throw new Error(`Its labels cannot be read: ${line}`)
    if (Object.hasOwn(labels, label)) throw new Error(`It has a label twice: ${line}`)
    labels[label] = escaped.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
  }
  return { name, labels, value }
}

/** Buckets go up to `+Inf`, never down, and the last one is the count. */
function checkHistogram(name: string, samples: readonly ReadSample[]): void {
  const bySeries = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels))
  for (const [series, of] of bySeries) {
    const buckets = of.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)))
    const grows = (numbers: readonly number[]) => numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] ?? 0))
    const count = of.find((sample) => sample.name === `${name}_count`)?.value
    if (!grows(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}${series} has wrong bounds.`)
    if (!grows(buckets.map(({ value }) => value)) || buckets.at(-1)?.value !== count) throw new Error(`${name}${series} shrinks.`)
  }
}
