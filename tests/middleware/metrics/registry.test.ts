import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Family } from '../../../src/middleware/metrics/families.js'
import { Registry } from '../../../src/middleware/metrics/registry.js'
import { familyText } from '../../../src/middleware/metrics/text.js'
import { readExposition } from '../../helpers/exposition.js'

const families = {
  calls: { type: 'counter', help: 'Calls.', labels: ['model', 'tenant'] },
  state: { type: 'gauge', help: 'A state.', labels: ['target'] },
  seconds: { type: 'histogram', help: 'Times.', labels: ['model'], buckets: [0.1, 1, 10] },
  runs: { type: 'summary', help: 'Runs.', labels: ['module'] },
} as const satisfies Record<string, Family>
type Name = keyof typeof families

const open = () => new Registry<Name>(families)
const read = (registry: Registry<Name>, name: Name) =>
  readExposition(familyText(name, families[name], registry.samples(name))).get(name)?.samples ?? []
const total = (values: readonly { readonly value: number }[]) => values.reduce((sum, { value }) => sum + value, 0)

describe('the labels of a metric', () => {
  test('have at most 100 values each; what comes later is counted as other, and nothing is lost', () => {
    const registry = open()
    for (let at = 0; at < 500; at++) registry.add('calls', [`model-${at}`, 'acme'])
    const samples = read(registry, 'calls')
    expect(samples).toHaveLength(101)
    expect(samples.find(({ labels }) => labels.model === 'other')).toMatchObject({ labels: { tenant: 'acme' }, value: 400 })
    expect(total(samples)).toBe(500)
  })

  test('have at most 2000 series together, and nothing is lost', () => {
    const registry = open()
    for (let model = 0; model < 100; model++)
      for (let tenant = 0; tenant < 100; tenant++) registry.add('calls', [`m${model}`, `t${tenant}`])
    const samples = read(registry, 'calls')
    expect(samples).toHaveLength(2001)
    expect(samples.find(({ labels }) => labels.model === 'other' && labels.tenant === 'other')?.value).toBe(8000)
    expect(total(samples)).toBe(10_000)
  })

  test('of one metric take no room from those of another', () => {
    const registry = open()
    for (let at = 0; at < 500; at++) registry.add('calls', [`model-${at}`, 'acme'])
    registry.observe('seconds', ['model-499'], 1)
    expect(read(registry, 'seconds')[0]?.labels.model).toBe('model-499')
  })

  test('are cut after 100 characters', () => {
    const registry = open()
    registry.add('calls', ['x'.repeat(100_000), 'acme'])
    expect(read(registry, 'calls')[0]?.labels.model).toBe('x'.repeat(100))
  })

  test('of a state that is beyond the bounds are left out, for states do not add up', () => {
    const registry = open()
    for (let at = 0; at < 150; at++) registry.set('state', [`target-${at}`], at)
    const samples = read(registry, 'state')
    expect(samples).toHaveLength(100)
    expect(samples.map(({ labels }) => labels.target)).not.toContain('other')
    registry.clear('state')
    registry.set('state', ['target-149'], 1)
    expect(read(registry, 'state')).toEqual([{ name: 'state', labels: { target: 'target-149' }, value: 1 }])
  })

  test('of a state that is set again have its new value', () => {
    const registry = open()
    for (const value of [1, 2]) registry.set('state', ['one'], value)
    expect(read(registry, 'state').map(({ value }) => value)).toEqual([2])
  })

  test('of states that are alike once they are cut are those of the first, which matters most', () => {
    const registry = open()
    for (const [at, value] of [2, 1, 0].entries()) registry.setFirst('state', [`${'x'.repeat(100)}-${at}`], value)
    expect(read(registry, 'state').map(({ value }) => value)).toEqual([2])
  })

  test('hold whatever a caller names, and the text stays what can be read', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\n', '\\n', '{a="b"}', '\ud800', ' # {'))
    fc.assert(
      fc.property(fc.array(fc.tuple(anything, anything), { maxLength: 30 }), (calls) => {
        const registry = open()
        for (const labels of calls) registry.add('calls', labels)
        const samples = read(registry, 'calls')
        expect(total(samples)).toBe(calls.length)
        for (const { labels } of samples) expect(Object.values(labels).join('')).not.toMatch(/\p{Cc}/u)
        const plain = calls.filter(([model]) => !/\p{Cc}|\p{Cs}/u.test(model))
        for (const [model] of plain) expect(samples.some(({ labels }) => labels.model === model)).toBe(true)
      }),
    )
  })
})

test('a histogram counts each value in every bucket that reaches as far', () => {
  const registry = open()
  for (const seconds of [0.05, 0.1, 0.5, 10, 99]) registry.observe('seconds', ['m'], seconds)
  const values = read(registry, 'seconds').map(({ name, labels, value }) => [labels.le ?? name, value])
  expect(values).toEqual([
    ['0.1', 2],
    ['1', 3],
    ['10', 4],
    ['+Inf', 5],
    ['seconds_sum', 109.65],
    ['seconds_count', 5],
  ])
})

test('a summary is told as it was read', () => {
  const registry = open()
  registry.summarize('runs', ['guard'], { sum: 2, count: 4, quantiles: { 0.95: 0.9 } })
  registry.summarize('runs', ['guard'], { sum: 3, count: 5, quantiles: { 0.95: 0.8 } })
  expect(read(registry, 'runs')).toEqual([
    { name: 'runs', labels: { module: 'guard', quantile: '0.95' }, value: 0.8 },
    { name: 'runs_sum', labels: { module: 'guard' }, value: 3 },
    { name: 'runs_count', labels: { module: 'guard' }, value: 5 },
  ])
})

test('the reader of these tests refuses what Prometheus would', () => {
  for (const text of [
    'x 1',
    'x 1\n',
    '# HELP x X.\n# TYPE x counter\nx{a="b",a="c"} 1\n',
    '# HELP x X.\n# TYPE x counter\nx 1\nx 2\n',
    '# HELP x X.\n# TYPE x counter\nx{a="b"c"} 1\n',
    '# HELP x X.\n# TYPE x counter\nx{} 1\n',
    '# HELP x X.\n# TYPE x counter\ny 1\n',
    '# HELP x X.\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n',
  ])
    expect(() => readExposition(text), text).toThrow()
})
