/** The metrics, and what is recorded in them when a call has ended. */
import type { Attributes, Context, Meter } from '@opentelemetry/api'
import type { Report } from '../../core/call.js'
import { inputTotal, noUsage, outputTotal, type Usage } from '../../core/usage.js'
import { modelName } from './attributes.js'
import { attribute, type Edition, own, timeBuckets, tokenBuckets, tokenUsage, usageCounters, usageHistograms } from './names.js'
import { Tally } from './tally.js'

export interface Ended {
  readonly operation: 'chat' | 'embeddings'
  readonly attributes: Attributes
  readonly context: Context
  readonly report: Report
  /** Of all attempts together. */
  readonly usage: Usage | undefined
  readonly durationMs: number
  readonly firstChunkMs: number | undefined
  /** As our providers are called by OpenTelemetry. */
  readonly nameOf: (provider: string) => string
}

type CountTokens = (usage: Usage, attributes: Attributes, context: Context) => void

export class Instruments {
  readonly #durations
  readonly #firstChunk
  readonly #perChunk
  readonly #cost
  readonly #saved
  readonly #attempts
  readonly #countTokens: CountTokens

  constructor(meter: Meter, edition: Edition, newest: boolean) {
    const seconds = (name: string, description: string) =>
      meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: timeBuckets } })
    const { chat, embeddings } = edition.duration
    const duration = seconds(chat, 'How long calls take, retries and all.')
    this.#durations = {
      chat: duration,
      embeddings: embeddings === chat ? duration : seconds(embeddings, 'How long calls take, retries and all.'),
    }
    this.#firstChunk = seconds(edition.firstChunk, 'Until a stream has its first content.')
    this.#perChunk = seconds(edition.perChunk, 'From one chunk of a stream to the next, as they are read.')
    const tally = (name: string, unit: string, description: string) => Tally.of(meter, name, { unit, description })
    this.#cost = tally(own.costMetric, '{USD}', 'What calls cost, all attempts together.')
    this.#saved = tally(own.savedMetric, '{USD}', 'What answers from the cache had cost.')
    this.#attempts = tally(own.attemptsMetric, '{attempt}', 'Attempts, by how they ended.')
    this.#countTokens = newest ? newestTokens(meter) : publishedTokens(meter)
  }

  readonly perChunk = (ms: number, attributes: Attributes, context: Context): void => {
    this.#perChunk.record(ms / 1000, attributes, context)
  }

  ended({ operation, attributes, context, report, usage, durationMs, firstChunkMs, nameOf }: Ended): void {
    this.#durations[operation].record(durationMs / 1000, attributes, context)
    if (firstChunkMs !== undefined) this.#firstChunk.record(firstChunkMs / 1000, attributes, context)
    this.#countTokens(usage ?? noUsage, attributes, context)
    const { cost, attempts } = report
    if (cost?.usd) this.#cost.add(cost.usd, attributes)
    if (cost?.savedUsd) this.#saved.add(cost.savedUsd, attributes)
    for (const { provider, model, outcome, error } of attempts) {
      const of: Attributes = {
        [attribute.provider]: nameOf(provider),
        [attribute.requestModel]: modelName(model),
        [own.outcome]: outcome,
      }
      if (error) of[attribute.error] = error
      this.#attempts.add(1, of)
    }
  }
}

function publishedTokens(meter: Meter): CountTokens {
  const tokens = meter.createHistogram(tokenUsage, {
    unit: '{token}',
    description: 'Tokens of calls, by their type.',
    advice: { explicitBucketBoundaries: tokenBuckets },
  })
  return (usage, attributes, context) => {
    if (usage === noUsage) return
    tokens.record(inputTotal(usage), { ...attributes, [attribute.tokenType]: 'input' }, context)
    tokens.record(outputTotal(usage), { ...attributes, [attribute.tokenType]: 'output' }, context)
  }
}

function newestTokens(meter: Meter): CountTokens {
  const counter = (name: string) => meter.createCounter(name, { unit: '{token}', description: 'Tokens that are billed.' })
  const histogram = (name: string) =>
    meter.createHistogram(name, {
      unit: '{token}',
      description: 'Tokens of one call.',
      advice: { explicitBucketBoundaries: tokenBuckets },
    })
  const counters = {
    input: counter(usageCounters.input),
    output: counter(usageCounters.output),
    cacheRead: counter(usageCounters.cacheRead),
    cacheWrite: counter(usageCounters.cacheWrite),
    reasoning: counter(usageCounters.reasoning),
  }
  const histograms = { input: histogram(usageHistograms.input), output: histogram(usageHistograms.output) }
  return (usage, attributes, context) => {
    // No vendor tells text and images apart. A call that failed is to count as 0.
    const unknown = { ...attributes, [attribute.modality]: 'unknown' }
    const audio = { ...attributes, [attribute.modality]: 'audio' }
    const input = inputTotal(usage)
    const output = outputTotal(usage)
    counters.input.add(input - usage.audioInput, unknown, context)
    counters.output.add(output - usage.audioOutput, unknown, context)
    if (usage.audioInput > 0) counters.input.add(usage.audioInput, audio, context)
    if (usage.audioOutput > 0) counters.output.add(usage.audioOutput, audio, context)
    if (usage.cacheRead > 0) counters.cacheRead.add(usage.cacheRead, unknown, context)
    const written = usage.cacheWrite + usage.cacheWrite1h
    if (written > 0) counters.cacheWrite.add(written, unknown, context)
    if (usage.reasoning > 0) counters.reasoning.add(usage.reasoning, unknown, context)
    histograms.input.record(input, attributes, context)
    histograms.output.record(output, attributes, context)
  }
}
