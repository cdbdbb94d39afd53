/** A line of the ledger out of a span. */
import { resolveByPattern } from '../../catalog/patterns.js'
import { isErrorCode } from '../../core/error-code.js'
import type { ErrorCode } from '../../core/errors.js'
import { asObject, parseJson } from '../../core/json.js'
import type { LedgerLine } from '../../core/ledger.js'
import { type Nano, parseUsd } from '../../core/money.js'
import { costOf, type PriceBook, serviceTierOf } from '../../core/price.js'
import { total, type Usage, usageOf } from '../../core/usage.js'
import { codeOfStatus } from '../../protocols/upstream-error.js'
import { providerOfSystem } from '../../providers/otel-systems.js'
import { folded, names, resourceTags, tagPrefix } from './names.js'
import type { Span } from './span.js'

/** Operations that a model answers itself. An agent's or a workflow's span has the sum of those within, which come as well. */
const inference = new Set([
  'chat',
  'generate_content',
  'text_completion',
  'embeddings',
  // Before the conventions, and beside them.
  'completion',
  'embedding',
  'generation',
  'llm',
  'message',
  'messages',
  'responses',
])

const mostTags = 32
const mostTag = 200

/** With each number under a name of its own. */
export function unfolded(span: Span): Span {
  const found = Object.keys(folded).filter((name) => span.attributes.has(name))
  if (found.length === 0) return span
  const attributes = new Map(span.attributes)
  for (const name of found)
    for (const [key, value] of Object.entries(asObject(parseJson(String(span.attributes.get(name))))))
      if (typeof value === 'number' && folded[name]?.[key] !== undefined) attributes.set(folded[name][key], value)
  return { ...span, attributes }
}

/** Whether it is a call to a model, and no step around one. */
export function isCall(span: Span): boolean {
  const read = readerOf(span)
  // Of our own spans the call's has all that its attempts used.
  if (read.has('attempt') || modelsOf(span).length === 0) return false
  const step = read.text('operation') || read.text('kind')
  return step === '' ? read.has('input') || read.has('output') : inference.has(step.toLowerCase())
}

/** @param span of which {@link isCall} holds */
export function lineOf(span: Span, book: PriceBook): LedgerLine {
  const { traceId, spanId, startMs, endMs, failed } = span
  const read = readerOf(span)
  const [model = ''] = modelsOf(span)
  const provider = providerOfSystem(read.text('provider'), read.text('host')) || makerOf(model)
  const { usage, told } = usageIn(span)
  const serviceTier = read.text('serviceTier')
  const error = failed || read.has('error')
  const user = read.text('user')
  const tags = tagsOf(span)
  const callId = read.text('callId')
  return {
    // The first attempt of one of our own calls is known by this name, should the program tell its usage itself as well.
    id: callId === '' ? `${traceId}/${spanId}` : `${callId}/1`,
    callId: callId === '' ? `${traceId}/${spanId}` : callId,
    attempt: 1,
    at: startMs,
    durationMs: Math.max(0, endMs - startMs),
    ...(user !== '' && { user }),
    ...(tags && { tags }),
    provider,
    model,
    protocol: 'otlp',
    outcome: error ? 'error' : 'ok',
    ...statusOf(read.number('status')),
    ...(error && { error: errorOf(read.text('error')) }),
    usage,
    basis: told || error ? 'complete' : 'estimated',
    ...(serviceTier !== '' && { serviceTier }),
    ...costIn(span, { provider, usage, failed: error, serviceTier }, book),
  }
}

/** Who makes it, where nobody says who served it. */
const makerOf = (model: string) => resolveByPattern(model)[0] ?? 'unknown'

type Field = keyof typeof names

function readerOf({ attributes }: Span) {
  const first = (field: Field) => {
    for (const name of names[field]) {
      const value = attributes.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }
  return {
    has: (field: Field) => first(field) !== undefined,
    /** Some programs write numbers as text. */
    number(field: Field): number | undefined {
      const value = first(field)
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
    },
    text: (field: Field) => String(first(field) ?? '').slice(0, mostTag),
  }
}

/** As it was asked for, and as the vendor calls what answered. */
function modelsOf(span: Span): string[] {
  const read = readerOf(span)
  return [read.text('requestModel'), read.text('responseModel')].filter((model) => model !== '')
}

/** By the conventions the input holds what was cached, and the output what was thought. */
function usageIn(span: Span): { readonly usage: Usage; readonly told: boolean } {
  const read = readerOf(span)
  const count = (field: Field) => Math.round(read.number(field) ?? 0)
  const [input, output] = [count('input'), count('output')]
  const [cacheRead, cacheWrite, audioInput] = [count('cacheRead'), count('cacheWrite'), count('audioInput')]
  const [reasoning, audioOutput] = [count('reasoning'), count('audioOutput')]
  // Instrumentation that hands on what Anthropic says has an input without the cached.
  const within = cacheRead + cacheWrite + audioInput <= input ? input - cacheRead - cacheWrite - audioInput : input
  const beside = Math.min(reasoning + audioOutput, output)
  const usage = usageOf({
    input: within,
    cacheRead,
    cacheWrite,
    audioInput,
    output: output - beside,
    reasoning: Math.min(reasoning, beside),
    audioOutput: beside - Math.min(reasoning, beside),
  })
  return { usage, told: read.has('input') || read.has('output') }
}

interface Charged {
  readonly provider: string
  readonly usage: Usage
  readonly failed: boolean
  readonly serviceTier: string
}

function costIn(
  span: Span,
  { provider, usage, failed, serviceTier }: Charged,
  book: PriceBook,
): { readonly cost: Nano | null; readonly priceVersion?: string } {
  const told = readerOf(span).number('cost')
  if (told !== undefined) return { cost: parseUsd(told), priceVersion: 'span' }
  // A refusal is not billed. An answer whose tokens nobody told has a price that nobody knows.
  if (total(usage) === 0) return { cost: failed ? 0 : null }
  const tier = serviceTierOf(serviceTier === '' ? undefined : serviceTier)
  for (const model of tier === undefined ? [] : modelsOf(span)) {
    const price = book.price({ provider: { name: provider }, model }, span.startMs)
    const cost = price && costOf(price, usage, tier)
    if (price && cost !== null) return { cost, priceVersion: price.version }
  }
  return { cost: null }
}

const statusOf = (status: number | undefined) => (status !== undefined && Number.isInteger(status) ? { status } : {})

/** `error.type` is a status, a code, or the name of a class in whatever language. */
function errorOf(type: string): ErrorCode {
  if (isErrorCode(type)) return type
  if (/^[45]\d\d$/.test(type)) return codeOfStatus(Number(type))
  return /timeout/i.test(type) ? 'timeout' : 'upstream_error'
}

function tagsOf({ attributes, resource }: Span): Record<string, string> | undefined {
  const program = Object.entries(resourceTags).flatMap(([name, tag]) => {
    const value = resource.get(name)
    return value === undefined ? [] : [[tag, value] as const]
  })
  const own = [...attributes].flatMap(([name, value]) =>
    name.startsWith(tagPrefix) ? [[name.slice(tagPrefix.length), value] as const] : [],
  )
  const all = [...program, ...own]
    .slice(0, mostTags)
    .map(([name, value]) => [name.slice(0, mostTag), String(value).slice(0, mostTag)])
  return all.length === 0 ? undefined : Object.fromEntries(all)
}
