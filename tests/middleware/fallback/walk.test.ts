import { describe, expect, it } from 'vitest'
import type { Call, Result, Target } from '../../../src/core/call.js'
import { Emitter } from '../../../src/core/emitter.js'
import { type ErrorCode, errorStatus, LeashError } from '../../../src/core/errors.js'
import { compact } from '../../../src/core/json.js'
import { Lazy } from '../../../src/core/lazy.js'
import type { Next } from '../../../src/core/middleware.js'
import type { PriceBook } from '../../../src/core/price.js'
import { type FallbackDeps, type FallbackOptions, fallback } from '../../../src/middleware/fallback.js'
import { aCall, anAnswer } from '../../helpers/call.js'

const { provider } = aCall().target
const targetAt = (name: string): Target => {
  const [where = '', model = ''] = name.split('/')
  return { provider: { ...provider, name: where }, model }
}

type Outcome = ErrorCode | Result

/** Upstreams that do what is written for each, `provider/model` by `provider/model`; keeps the calls that they saw. */
function upstreams(outcomes: Record<string, Outcome>): Next & { seen: Call[] } {
  const seen: Call[] = []
  const next: Next = async (call) => {
    seen.push(call)
    const name = `${call.target.provider.name}/${call.target.model}`
    const outcome = outcomes[name] ?? anAnswer
    if (outcome !== 'missing_key') call.report.attempts.push(anAttempt(name))
    if (typeof outcome === 'object') return outcome
    throw failing(outcome)
  }
  return Object.assign(next, { seen })
}

const failing = (code: ErrorCode) => new LeashError(code, 'No.', { retryable: true })

function anAttempt(name: string): Call['report']['attempts'][number] {
  const [where = '', model = ''] = name.split('/')
  return { provider: where, model, protocol: 'openai-chat', startedAt: 0, outcome: 'ok', usage }
}
const usage = {
  input: 100,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  audioInput: 0,
  output: 10,
  reasoning: 0,
  audioOutput: 0,
}

const deps = (over: Partial<FallbackDeps> = {}): FallbackDeps => ({ emitter: new Emitter(), find: targetAt, ...over })
const knowing = (tell: (target: Target) => { contextWindow?: number; maxOutput?: number }) => new Lazy(async () => tell)
const names = (next: { seen: readonly Call[] }) => next.seen.map(({ target }) => `${target.provider.name}/${target.model}`)

function run(options: FallbackOptions | string[], next: Next, call: Call = aCall(), over?: Partial<FallbackDeps>) {
  return fallback(options, deps(over))(next)(call)
}

describe('fallback', () => {
  it('asks nobody else as long as the first target answers', async () => {
    const next = upstreams({})
    expect(await run(['b/2'], next)).toBe(anAnswer)
    expect(names(next)).toEqual(['test/gpt-test'])
  })

  it('goes from target to target in order until one answers', async () => {
    const next = upstreams({ 'test/gpt-test': 'overloaded', 'b/2': 'timeout' })
    const call = aCall()
    expect(await run(['b/2', 'c/3', 'd/4'], next, call)).toBe(anAnswer)
    expect(names(next)).toEqual(['test/gpt-test', 'b/2', 'c/3'])
    expect(call.report.moves).toEqual([
      { from: 'test/gpt-test', to: 'b/2', because: 'overloaded' },
      { from: 'b/2', to: 'c/3', because: 'timeout' },
    ])
  })

  it('begins at the first try with each target, and says whether another follows', async () => {
    const next = upstreams({ 'test/gpt-test': 'overloaded' })
    await run(['b/2'], next, aCall({ attempt: 3 }))
    expect(next.seen.map(({ attempt, alternatives }) => ({ attempt, alternatives }))).toEqual([
      { attempt: 1, alternatives: true },
      { attempt: 1, alternatives: false },
    ])
  })

  it('says which failures lead elsewhere, where a target follows that has its key', async () => {
    const find: FallbackDeps['find'] = (model) => ({ model, provider: { ...provider, name: model, missing: () => 'no key' } })
    const told = async (models: string[], found: FallbackDeps['find'], options: FallbackOptions = {}) => {
      const next = upstreams({})
      await run({ default: models, ...options }, next, aCall(), { find: found })
      return (['network_error', 'rate_limited'] as const).map((code) => next.seen[0]?.elsewhere?.(failing(code)))
    }
    expect(await told(['b/2'], targetAt)).toEqual([true, true])
    expect(await told(['b/2'], targetAt, { on: ['rate_limited'] })).toEqual([false, true])
    expect(await told(['b/2'], find)).toEqual([undefined, undefined])
  })

  it('says of no failure that it leads elsewhere, where the next target could turn out too dear', async () => {
    const next = upstreams({})
    await run(['b/2'], next, aCall({ options: { maxCostUsd: 1 } }))
    expect(next.seen.map(({ alternatives, elsewhere }) => [alternatives, elsewhere])).toEqual([[true, undefined]])
  })

  it('tells who listens of each move', async () => {
    const emitter = new Emitter()
    const heard: unknown[] = []
    emitter.on('fallback', (event) => heard.push(event))
    await run(['b/2'], upstreams({ 'test/gpt-test': 'rate_limited' }), aCall(), { emitter })
    expect(heard).toEqual([{ callId: 'call_test', from: 'test/gpt-test', to: 'b/2', because: 'rate_limited' }])
  })

  it('asks no target twice', async () => {
    const next = upstreams({ 'test/gpt-test': 'overloaded', 'b/2': 'overloaded' })
    await expect(run(['test/gpt-test', 'b/2', 'b/2'], next)).rejects.toMatchObject({ code: 'all_targets_failed' })
    expect(names(next)).toEqual(['test/gpt-test', 'b/2'])
  })

  it('passes over a name that leads nowhere', async () => {
    const find: FallbackDeps['find'] = (model) => {
      if (model === 'nowhere') throw new LeashError('unknown_model', 'No.')
      return targetAt(model)
    }
    const next = upstreams({ 'test/gpt-test': 'overloaded' })
    const call = aCall()
    expect(await run(['nowhere', 'b/2'], next, call, { find })).toBe(anAnswer)
    expect(call.report.moves).toMatchObject([{ to: 'nowhere' }, { from: 'nowhere', to: 'b/2', because: 'unknown_model' }])
  })

  it('goes at once to the least bad target when all of them are down', async () => {
    const next = upstreams({})
    const call = aCall()
    const leastBad: NonNullable<FallbackDeps['leastBad']> = (targets) => targets().at(-1)
    expect(await run(['b/2', 'c/3'], next, call, { leastBad })).toBe(anAnswer)
    expect(next.seen.map(({ alternatives }) => alternatives)).toEqual([false])
    expect([names(next), call.report.moves]).toEqual([['c/3'], [{ from: 'test/gpt-test', to: 'c/3', because: 'circuit_open' }]])
  })

  it('leaves no warning of a translation that was not answered', async () => {
    const call = aCall()
    const answer: Next = async ({ target, report }) => {
      report.warnings.push({ path: target.provider.name, action: 'dropped', why: 'no such thing' })
      if (target.provider.name === 'test') throw failing('overloaded')
      return anAnswer
    }
    await run(['b/2'], answer, call)
    expect(call.report.warnings).toMatchObject([{ path: 'b' }])
  })

  it('lets pass what is no error of ours', async () => {
    const broken: Next = async () => {
      throw new TypeError('A defect.')
    }
    await expect(run(['b/2'], broken)).rejects.toThrow(TypeError)
  })
})

const never: readonly ErrorCode[] = [
  'aborted',
  'deadline_exceeded',
  'invalid_request',
  'invalid_config',
  'budget_exceeded',
  'policy_blocked',
  'model_not_allowed',
  'all_targets_failed',
]
const codes = Object.keys(errorStatus) as ErrorCode[]

describe('what leads to the next target', () => {
  it.each(codes.filter((code) => !never.includes(code)))('%s does', async (code) => {
    const next = upstreams({ 'test/gpt-test': code })
    expect(await run(['b/2'], next)).toBe(anAnswer)
  })

  it.each(never)('%s does not', async (code) => {
    const next = upstreams({ 'test/gpt-test': code })
    await expect(run(['b/2'], next)).rejects.toMatchObject({ code })
    expect(next.seen).toHaveLength(1)
  })

  it('is what `on` lists', async () => {
    const options: FallbackOptions = { default: ['b/2'], on: ['invalid_request'] }
    expect(await run(options, upstreams({ 'test/gpt-test': 'invalid_request' }))).toBe(anAnswer)
    await expect(run(options, upstreams({ 'test/gpt-test': 'overloaded' }))).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('is what `on` decides, but for the end of the call itself', async () => {
    const options: FallbackOptions = { default: ['b/2'], on: ({ status }) => status !== 503 }
    expect(await run(options, upstreams({ 'test/gpt-test': 'invalid_request' }))).toBe(anAnswer)
    for (const code of ['overloaded', 'aborted', 'deadline_exceeded'] as const)
      await expect(run(options, upstreams({ 'test/gpt-test': code }))).rejects.toMatchObject({ code })
  })
})

describe('one budget of attempts', () => {
  it('keeps an attempt for each target that follows, however often the first may be retried', async () => {
    const next = upstreams({ 'test/gpt-test': 'overloaded', 'b/2': 'overloaded' })
    await run(['b/2', 'c/3'], next, aCall({ options: { maxAttempts: 5 } }))
    expect(next.seen.map(({ options }) => options.maxAttempts)).toEqual([3, 4, 5])
  })

  it('leaves each target one attempt when there are fewer than targets, and stops when they are used up', async () => {
    const next = upstreams({ 'test/gpt-test': 'overloaded', 'b/2': 'overloaded' })
    const answer = run(['b/2', 'c/3'], next, aCall({ options: { maxAttempts: 2 } }))
    await expect(answer).rejects.toMatchObject({ code: 'all_targets_failed' })
    expect(next.seen.map(({ options }) => options.maxAttempts)).toEqual([1, 2])
  })

  it('takes none for a target without a key', async () => {
    const next = upstreams({ 'test/gpt-test': 'missing_key' })
    expect(await run(['b/2'], next, aCall({ options: { maxAttempts: 1 } }))).toBe(anAnswer)
  })

  it('goes nowhere after the deadline', async () => {
    const next = upstreams({ 'test/gpt-test': 'timeout' })
    await expect(run(['b/2'], next, aCall({ deadline: Date.now() - 1 }))).rejects.toMatchObject({ code: 'timeout' })
    expect(next.seen).toHaveLength(1)
  })
})

describe('a window that is too small', () => {
  const tooLong = { 'test/gpt-test': 'context_window_exceeded', 'small/1': 'context_window_exceeded' } as const
  const windows: Record<string, number> = { test: 1000, small: 900, same: 1000, large: 200_000 }
  const capabilities = knowing(({ provider: { name } }) => compact({ contextWindow: windows[name] }))
  const words = (count: number) => ({ messages: [{ role: 'user', content: 'word '.repeat(count) }] })

  it('passes over targets whose window is not larger than the one that was exceeded', async () => {
    const next = upstreams(tooLong)
    const call = aCall({ body: words(10) })
    expect(await run(['small/1', 'same/2', 'large/3'], next, call, { capabilities })).toBe(anAnswer)
    expect(names(next)).toEqual(['test/gpt-test', 'large/3'])
    expect(call.report.moves.map(({ to, because }) => [to, because])).toEqual([
      ['small/1', 'context_window_exceeded'],
      ['same/2', 'context_window_exceeded'],
      ['large/3', 'context_window_exceeded'],
    ])
  })

  it('passes over targets that are too small by estimate where the first window is unknown', async () => {
    const next = upstreams({ 'unknown/0': 'context_window_exceeded' })
    const call = aCall({ body: words(5000), target: targetAt('unknown/0') })
    expect(await run(['same/2', 'large/3'], next, call, { capabilities })).toBe(anAnswer)
    expect(names(next)).toEqual(['unknown/0', 'large/3'])
  })

  it('tries a target whose window nobody knows', async () => {
    const next = upstreams(tooLong)
    await run(['unknown/2'], next, aCall({ body: words(10) }), { capabilities })
    expect(names(next)).toEqual(['test/gpt-test', 'unknown/2'])
  })

  it('is no reason as long as nothing was too long', async () => {
    const next = upstreams({ 'test/gpt-test': 'overloaded' })
    await run(['small/1'], next, aCall({ body: words(5000) }), { capabilities })
    expect(names(next)).toEqual(['test/gpt-test', 'small/1'])
  })
})

describe('a limit of cost', () => {
  // Nano-dollars per million tokens: one dollar in, two out.
  const rates = { input: 1e9, cacheRead: 1e8, cacheWrite: 1e9, output: 2e9, reasoning: 2e9 }
  const price = { currency: 'USD', source: 'test', date: '2026-01-01', version: '1' } as const
  const prices = new Lazy(
    async (): Promise<PriceBook> => ({
      price: ({ provider: { name } }) =>
        name === 'unpriced' ? null : { ...price, tiers: { standard: [{ from: 0, rates, request: 0 }] } },
    }),
  )
  /** Six tokens in by estimate and a thousand out at most: 0.0020 dollars; an attempt costs 0.00012. */
  const call = (maxCostUsd: number) =>
    aCall({
      options: { maxCostUsd },
      body: { max_completion_tokens: 1000, messages: [{ role: 'user', content: 'one two three four five six' }] },
    })
  const failed = { 'test/gpt-test': 'overloaded', 'b/2': 'overloaded' } as const
  const open = (maxCostUsd: number) =>
    aCall({ options: { maxCostUsd }, body: { messages: [{ role: 'user', content: 'Hello' }] } })

  it('is no hindrance where all targets together stay below it', async () => {
    expect(await run(['b/2', 'c/3'], upstreams(failed), call(0.003), { prices })).toBe(anAnswer)
  })

  it('ends the chain before the target that could pass it', async () => {
    const next = upstreams(failed)
    await expect(run(['b/2', 'c/3', 'd/4'], next, call(0.0022), { prices })).rejects.toMatchObject({
      code: 'all_targets_failed',
      message: expect.stringContaining('"c/3" was not asked: it could bring the call to 0.0022'),
    })
    expect(names(next)).toEqual(['test/gpt-test', 'b/2'])
  })

  it('counts what a ledger has booked', async () => {
    const booked: Next = (inner) => {
      const answer = upstreams(failed)(inner)
      for (const attempt of inner.report.attempts) attempt.cost = 1_000_000
      return answer
    }
    await expect(run(['b/2', 'c/3'], booked, call(0.004), { prices })).rejects.toThrow('to 0.004006 US dollars')
  })

  it('ends it before a target whose price nobody knows, or when there are no prices at all', async () => {
    const chain = ['b/2', 'unpriced/3']
    await expect(run(chain, upstreams(failed), call(1), { prices })).rejects.toThrow('"unpriced/3" was not asked: nobody knows')
    await expect(run(chain, upstreams(failed), call(1))).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('takes what the model may write at most where the caller sets no bound', async () => {
    const over = { prices, capabilities: knowing(() => ({ maxOutput: 1_000_000 })) }
    const first = { 'test/gpt-test': 'overloaded' } as const
    await expect(run(['b/2'], upstreams(first), open(1), over)).rejects.toMatchObject({ code: 'overloaded' })
    expect(await run(['b/2'], upstreams(first), open(3), over)).toBe(anAnswer)
    await expect(run(['b/2'], upstreams(first), open(3), { prices })).rejects.toMatchObject({ code: 'overloaded' })
  })
})

describe('a refusal', () => {
  const saying = (message: object, finish_reason = 'stop'): Result => ({
    ...(anAnswer as Extract<Result, { stream: false }>),
    body: { id: '1', model: 'm', created: 1, object: 'chat.completion', choices: [{ index: 0, message, finish_reason }] },
  })
  const declined = saying({ role: 'assistant', content: null, refusal: 'I would rather not.' })
  const cut = saying({ role: 'assistant', content: 'I' }, 'content_filter')
  const said = saying({ role: 'assistant', content: 'Here you are.' })
  const refusals: FallbackOptions = { default: ['b/2', 'c/3'], refusals: true }

  it.each([
    ['that the model wrote', declined],
    ["of the vendor's filter", cut],
  ])('%s leads to the next target when that is asked for', async (_, answer) => {
    const next = upstreams({ 'test/gpt-test': answer, 'b/2': said })
    const call = aCall()
    expect(await run(refusals, next, call)).toBe(said)
    expect(call.report.moves).toMatchObject([{ because: 'content_filtered' }])
  })

  it('is an answer like others when it is not', async () => {
    expect(await run(['b/2'], upstreams({ 'test/gpt-test': declined }))).toBe(declined)
  })

  it('is what the caller gets when nobody has a better answer, with what its translation lost', async () => {
    const next = upstreams({ 'test/gpt-test': declined, 'b/2': 'overloaded', 'c/3': 'missing_key' })
    const call = aCall()
    const lossy: Next = (inner) => {
      if (inner.target.provider.name === 'test') inner.report.warnings.push({ path: 'seed', action: 'dropped', why: 'unknown' })
      return next(inner)
    }
    expect(await run(refusals, lossy, call)).toBe(declined)
    expect(call.report.warnings).toMatchObject([{ path: 'seed' }])
  })

  it('is not what a caller gets who has left meanwhile', async () => {
    const next = upstreams({ 'test/gpt-test': declined, 'b/2': 'aborted' })
    await expect(run(refusals, next)).rejects.toMatchObject({ code: 'aborted' })
  })

  it('is not looked for where nobody can read the answer', async () => {
    const odd: Result = { ...(anAnswer as Extract<Result, { stream: false }>), body: 'what?' }
    expect(await run(refusals, upstreams({ 'test/gpt-test': odd }))).toBe(odd)
  })
})
