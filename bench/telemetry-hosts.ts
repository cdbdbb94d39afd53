/**
 * A client with one kind of telemetry in a process of its own, as in a program: V8 compiles a function for all that it was
 * called with, and with other kinds beside it each would cost more. Does the jobs that whoever forked it asks for.
 *
 * node bench/telemetry-hosts.ts <kind> [base URL]
 */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Contender, leashllm, openai, type Upstream } from './contenders.ts'
import { here } from './jobs.ts'
import { inMemory } from './transport.ts'

/** Calls of which the CPU is told; without any, the length of the text that one of them reads. */
export interface Asked {
  readonly job: string
  readonly calls?: number
}

export type Kind = keyof typeof kinds

const [, , kind = '', baseURL] = process.argv
const upstream: Upstream = baseURL === undefined ? { fetch: inMemory } : { baseURL }

const kinds = {
  leashllm: () => leashllm(upstream),
  'nobody takes it': () => leashllm({ ...upstream, telemetry: true }),
  'telemetry on': kept,
  'SDK does nothing': () => leashllm({ ...upstream, telemetry: idle() }),
  metrics: () => leashllm({ ...upstream, metrics: true }),
  'openai, no leash': () => openai(upstream),
}

const doer = here(kinds[kind as Kind]())
process.on('message', async ({ job, calls }: Asked) => {
  process.send?.(calls === undefined ? await doer.length(job) : await doer.cpu(job, calls))
})
process.on('disconnect', () => process.exit())

/** In memory, and thrown away after a while, as by an exporter that has sent it. */
function kept(): Contender {
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
  const client = leashllm({ ...upstream, telemetry: { tracerProvider, meterProvider } })
  let calls = 0
  const emptied = (call: Contender['unary']) => async (prompt: string) => {
    if (++calls % 100 === 0) exporter.reset()
    return call(prompt)
  }
  return { ...client, unary: emptied(client.unary), stream: emptied(client.stream) }
}

function idle() {
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
  return {
    tracerProvider: { getTracer: () => ({ startSpan: nothing }) },
    meterProvider: {
      getMeter: () => ({
        createHistogram: () => instrument,
        createCounter: () => instrument,
        createObservableCounter: () => ({ addCallback() {} }),
      }),
    },
  }
}
