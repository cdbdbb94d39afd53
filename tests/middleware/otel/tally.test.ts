import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import { Tally } from '../../../src/middleware/otel/tally.js'

const options = { unit: '{thing}', description: 'Things.' }

function open(temporality: AggregationTemporality) {
  const exporter = new InMemoryMetricExporter(temporality)
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 })],
  })
  return {
    meter: provider.getMeter('test'),
    /** What each collection has told, by its attributes. */
    async collected(): Promise<(readonly [attributes: string, value: unknown])[]> {
      exporter.reset()
      await provider.forceFlush()
      const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      const points = metrics.flatMap(
        (metric): readonly { readonly attributes: object; readonly value: unknown }[] => metric.dataPoints,
      )
      return points.map(({ attributes, value }) => [JSON.stringify(attributes), value] as const)
    },
  }
}

describe('a tally', () => {
  it('tells the sum for each set of attributes, whichever came last', async () => {
    const { meter, collected } = open(AggregationTemporality.CUMULATIVE)
    const tally = Tally.of(meter, 'things', options)
    for (const kind of ['a', 'b', 'a', 'a', 'b']) tally.add(2, { kind })
    tally.add(1, { kind: 'a', also: 'c' })
    tally.add(1, { kind: 'a' })
    expect(await collected()).toEqual([
      ['{"kind":"a"}', 7],
      ['{"kind":"b"}', 4],
      ['{"kind":"a","also":"c"}', 1],
    ])
  })

  it('tells what has come since, to whoever wants that', async () => {
    const { meter, collected } = open(AggregationTemporality.DELTA)
    const tally = Tally.of(meter, 'things', options)
    tally.add(5, { kind: 'a' })
    expect(await collected()).toEqual([['{"kind":"a"}', 5]])
    tally.add(3, { kind: 'a' })
    expect(await collected()).toEqual([['{"kind":"a"}', 3]])
  })

  it('is one for all who count the same with one meter', async () => {
    const { meter, collected } = open(AggregationTemporality.DELTA)
    Tally.of(meter, 'things', options).add(1, { kind: 'a' })
    Tally.of(meter, 'things', options).add(1, { kind: 'a' })
    expect(await collected()).toEqual([['{"kind":"a"}', 2]])
  })

  it('keeps to a bound, beyond which all are counted as one', async () => {
    const { meter, collected } = open(AggregationTemporality.CUMULATIVE)
    const tally = Tally.of(meter, 'things', options)
    for (let kind = 0; kind < 2500; kind++) tally.add(1, { kind })
    const sums = await collected()
    expect(sums.length).toBeLessThanOrEqual(2001)
    expect(sums.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(2500)
  })
})
