/** The tables of names stand for what is told, and the dashboard and the alerts ask for nothing else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../src/leash.js'
import { families } from '../../src/middleware/metrics/families.js'
import { attribute, editions, own, tokenUsage, usageCounters, usageHistograms } from '../../src/middleware/otel/names.js'
import { RelayMetrics } from '../../src/relay/metrics/relay.js'
import { useMock } from '../helpers/mock.js'
import { useOtlp } from '../helpers/otlp.js'
import { root } from '../helpers/source.js'
import { playRound, sceneOptions } from './scene.js'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const page = read('docs/observability.md')
const alerts = read('deploy/prometheus/alerts.yml')
const { panels } = JSON.parse(read('deploy/grafana/leashllm.json')) as { panels: Panel[] }

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

/** The cells of the table that begins with these. */
function table(...head: string[]): string[][] {
  const lines = page.split('\n')
  const begin = lines.indexOf(`| ${head.join(' | ')} |`)
  expect(begin, `There is no table of ${head.join(', ')}.`).toBeGreaterThan(0)
  const rest = lines.slice(begin + 2)
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

const quoted = (text = '') => [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
const strings = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : typeof value === 'string' ? [value] : []

describe('the names of spans and metrics by OpenTelemetry', () => {
  const literal = /'(leash\.[a-z_.]+)'/g
  const files = ['src/middleware/otel.ts', 'src/middleware/otel/call-span.ts']
  const inSource = files.flatMap((file) => [...read(file).matchAll(literal)].map(([, name = '']) => name))
  const all = [...strings([attribute, editions, own, tokenUsage, usageCounters, usageHistograms]), ...inSource]
  const told = quoted(page).map((name) => name.replace(/\*$|(?<=^leash\.found\.).*/, ''))

  test('stand on the page, every one of them', () => {
    expect(inSource).toContain('leash.fallback')
    expect(all.filter((name) => !told.includes(name))).toEqual([])
  })

  test('are all that the page names', () => {
    const named = told.filter((name) => /^(gen_ai|leash|error|server|http)\.[a-z_.]+$/.test(name))
    expect(named.length).toBeGreaterThan(60)
    // Functions of a leash are called so as well.
    const functions = Object.keys(createLeash()).map((name) => `leash.${name}`)
    expect(named.filter((name) => ![...all, 'leash.found.', ...functions].includes(name))).toEqual([])
  })

  describe('as a receiver gets them', () => {
    const mock = useMock()
    const otlp = useOtlp()

    test('stand on the page', async () => {
      const { tracerProvider, meterProvider } = otlp
      const leash = createLeash({ ...sceneOptions(mock), telemetry: { tracerProvider, meterProvider, content: true } })
      await playRound(leash, mock, 0)
      const spans = await otlp.spans()
      const sent = new Set([
        ...spans
          .flatMap(({ attributes, events }) => [attributes, ...events.map(({ attributes }) => attributes)])
          .flatMap(Object.keys),
        ...spans.flatMap(({ events }) => events.map(({ name }) => name)),
        ...(await otlp.metrics()).keys(),
      ])
      expect(sent.size).toBeGreaterThan(40)
      const isTold = (name: string) =>
        told.includes(name) || told.some((prefix) => /\.(tag|found)\.$/.test(prefix) && name.startsWith(prefix))
      expect([...sent].filter((name) => !isTold(name))).toEqual([])
      await leash.close()
    })
  })
})

describe('the metrics of Prometheus', () => {
  test('stand in their table as they are told', () => {
    const rows = table('metric', 'type', 'labels', 'meaning').map(([name, type, labels, meaning]) => ({
      name: quoted(name)[0],
      type,
      labels: quoted(labels),
      help: meaning?.toLowerCase(),
    }))
    expect(rows).toEqual(
      Object.entries(families).map(([name, { type, labels, help }]) => ({
        ...{ name, type, labels },
        help: help.replace(/\.$/, '').toLowerCase(),
      })),
    )
  })

  test('have labels whose values are told', () => {
    const labels = Object.values(families).flatMap(({ labels }) => labels)
    expect(
      table('label', 'values')
        .flatMap(([names]) => quoted(names))
        .sort(),
    ).toEqual([...new Set<string>([...labels, 'le', 'quantile'])].sort())
  })
})

/** The metrics that an expression asks for, and the labels by which it does. */
function askedBy(expression: string) {
  const names = [...expression.matchAll(/\bleash_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))
  const matchers = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) => [...inside.matchAll(/(\w+)\s*[=!]/g)])
  const groups = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inside = '']) => [...inside.matchAll(/(\w+)/g)])
  return { names, labels: [...matchers, ...groups].map(([, label = '']) => label) }
}

const labelsOf = (name: string): readonly string[] =>
  Object.entries(families).find(([family]) => family === name)?.[1].labels ?? []

describe('the dashboard', () => {
  const shown = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })))

  test.each(shown)('asks in "$title" for what there is: $expr', ({ expr, legendFormat }) => {
    const { names, labels } = askedBy(expr)
    expect(names).not.toEqual([])
    for (const name of names) expect(Object.keys(families)).toContain(name)
    const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    const known = [...names.flatMap(labelsOf), 'le', 'quantile']
    for (const label of [...labels, ...legend]) expect(known).toContain(label)
  })

  test('has its rows and panels on the page', () => {
    const rows: { row: string; titles: string[] }[] = []
    for (const { type, title } of panels) {
      if (type === 'row') rows.push({ row: title, titles: [] })
      else rows.at(-1)?.titles.push(title)
    }
    expect(table('row', 'panels')).toEqual(rows.map(({ row, titles }) => [row, titles.join('; ')]))
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })
})

describe('the alerts', () => {
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)

  test('stand in their table', () => {
    expect(table('alert', 'when').flatMap(([name]) => quoted(name))).toEqual(names)
  })

  test('ask for what there is', () => {
    const asked = askedBy(alerts.replace(/^ *(description|summary):.*$/gm, '')).names
    expect(asked.length).toBeGreaterThan(names.length)
    const ofRelay = [...new RelayMetrics().text().matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)
    for (const name of asked) expect([...Object.keys(families), ...ofRelay]).toContain(name)
  })

  test('are each seen to fire', () => {
    const tests = read('tests/observability/alerts.yml')
    for (const name of names) expect(tests).toMatch(new RegExp(`alertname: ${name}\\n +exp_alerts:`))
  })
})
