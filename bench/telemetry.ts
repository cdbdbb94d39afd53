/**
 * CPU per call over a transport in memory with telemetry, as a ratio to the same client without: asked for while nobody
 * takes spans and metrics, with an SDK that keeps both in memory, and with one that does nothing, which leaves what is ours.
 * And with `metrics: true`, without an SDK.
 *
 * node bench/telemetry.ts [rounds]
 */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Contender, leashllm } from './contenders.ts'
import { compare } from './jobs.ts'
import { inMemory } from './transport.ts'

const rounds = Number(process.argv[2] ?? 41)
const fetch = inMemory
const named = (name: string, contender: Contender): Contender => ({ ...contender, name })

const exporter = new InMemorySpanExporter()
// As programs send them: a processor that passes each span on by itself is for debugging.
const tracerProvider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
const meterProvider = new MeterProvider({
  readers: [
    new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
      exportIntervalMillis: 600_000,
      exportTimeoutMillis: 600_000,
    }),
  ],
})

const on = named('telemetry on', leashllm({ fetch, telemetry: { tracerProvider, meterProvider } }))
let calls = 0
/** Spans that have been exported are thrown away, as by an exporter that has sent them. */
const emptied = (call: Contender['unary']) => async (prompt: string) => {
  if (++calls % 100 === 0) exporter.reset()
  return call(prompt)
}

const nothing = () => span
const span = {
  spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
  isRecording: () => true,
  setAttributes: nothing,
  setStatus: nothing,
  addEvent: nothing,
  end: nothing,
}
const instrument = { record: nothing, add: nothing }
const idle = {
  tracerProvider: { getTracer: () => ({ startSpan: nothing }) },
  meterProvider: {
    getMeter: () => ({
      createHistogram: () => instrument,
      createCounter: () => instrument,
      createObservableCounter: () => ({ addCallback() {} }),
    }),
  },
}

console.log(`CPU per call with telemetry, in memory: node ${process.version}, ${rounds} interleaved rounds\n`)
await compare(
  [
    leashllm({ fetch }),
    named('nobody takes it', leashllm({ fetch, telemetry: true })),
    { ...on, unary: emptied(on.unary), stream: emptied(on.stream) },
    named('SDK does nothing', leashllm({ fetch, telemetry: idle })),
    named('metrics', leashllm({ fetch, metrics: true })),
  ],
  rounds,
)
await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()])
