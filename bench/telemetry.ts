/**
 * CPU per call with telemetry, as a ratio to the same client without: asked for while nobody takes spans and metrics, with
 * an SDK that keeps both in memory, and with one that does nothing, which leaves what is ours. And with `metrics: true`,
 * without an SDK. And `openai` by itself. Over a transport in memory; with `--socket` over a real one, to a server in a process of its own.
 *
 * node bench/telemetry.ts [rounds] [--socket]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Contender, leashllm, openai, type Upstream } from './contenders.ts'
import { compare } from './jobs.ts'
import { inMemory } from './transport.ts'

const given = process.argv.slice(2)
const rounds = Number(given.find((one) => /^\d+$/.test(one)) ?? 41)
const server = given.includes('--socket') ? fork(fileURLToPath(new URL('server.ts', import.meta.url))) : undefined
const upstream: Upstream = server ? { baseURL: `http://127.0.0.1:${(await once(server, 'message'))[0]}/v1` } : { fetch: inMemory }
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

const on = named('telemetry on', leashllm({ ...upstream, telemetry: { tracerProvider, meterProvider } }))
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

console.log(
  `CPU per call with telemetry, ${server ? 'over a socket' : 'in memory'}: node ${process.version}, ${rounds} interleaved rounds\n`,
)
await compare(
  [
    leashllm(upstream),
    named('nobody takes it', leashllm({ ...upstream, telemetry: true })),
    { ...on, unary: emptied(on.unary), stream: emptied(on.stream) },
    named('SDK does nothing', leashllm({ ...upstream, telemetry: idle })),
    named('metrics', leashllm({ ...upstream, metrics: true })),
    named('openai, no leash', openai(upstream)),
  ],
  rounds,
  server ? 1 / 2 : 1,
)
server?.disconnect()
await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()])
