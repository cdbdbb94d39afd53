import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Attempt, Call, CallOptions, Result, Target } from '../../src/core/call.js'
import { Emitter } from '../../src/core/emitter.js'
import { LeashError } from '../../src/core/errors.js'
import type { JsonObject } from '../../src/core/json.js'
import { Lazy } from '../../src/core/lazy.js'
import type { Next } from '../../src/core/middleware.js'
import type { Price, PriceBook } from '../../src/core/price.js'
import { createReport } from '../../src/core/report.js'
import { usageOf } from '../../src/core/usage.js'
import type { Route } from '../../src/middleware/route/options.js'
import { Router, type RouterDeps } from '../../src/middleware/route.js'
import { aCall, anAnswer } from '../helpers/call.js'
import { randomOf } from './route/random.js'

const [small, large, third] = ['a/small', 'b/large', 'c/third'] as const

function targetOf(name: string, missing?: string): Target {
  const [provider = '', model = ''] = name.split('/')
  return { provider: { ...aCall().target.provider, name: provider, missing: () => missing }, model }
}

/** Dollars for a million tokens in, and out. */
function book(prices: Readonly<Record<string, readonly [number, number]>>): Lazy<PriceBook> {
  const price = (name: string): Price | null => {
    const [input, output] = prices[name] ?? []
    if (input === undefined || output === undefined) return null
    const rates = {
      input: input * 1e9,
      cacheRead: input * 1e9,
      cacheWrite: input * 1e9,
      output: output * 1e9,
      reasoning: output * 1e9,
    }
    return { currency: 'USD', source: 'a test', version: '1', tiers: { standard: [{ from: 0, rates, request: 0 }] } }
  }
  return new Lazy(async () => ({ price: ({ provider, model }) => price(`${provider.name}/${model}`) }))
}

interface Sent {
  readonly target: string
  readonly why: string
  readonly call: Call
}

interface Asking {
  readonly options?: CallOptions
  readonly body?: JsonObject
  readonly stream?: boolean
  readonly missing?: Readonly<Record<string, string>>
  readonly id?: string
}

/** A router over one route, and a way to ask it for that. */
function routing(route: Route, deps: Partial<RouterDeps> = {}) {
  const emitter = new Emitter()
  const router = new Router({ it: route, plain: small }, { emitter, random: randomOf(7), ...deps })
  /** How each target answers; a plain answer when nothing is said. */
  const upstreams: Record<string, Next> = {}
  const names = route.targets.map((target) => (typeof target === 'string' ? target : target.model))
  async function ask({ options = {}, body = {}, stream = false, missing = {}, id = 'call_test' }: Asking = {}): Promise<Sent> {
    const targets = names.map((name) => targetOf(name, missing[name]))
    const [first = targetOf(small)] = targets
    let sent: Call | undefined
    const run = router.middleware(async (call) => {
      sent = call
      const { provider, model } = call.target
      return (await upstreams[`${provider.name}/${model}`]?.(call)) ?? anAnswer
    })
    const report = createReport(id, undefined)
    await run(aCall({ id, model: 'it', body, stream, options, report, target: { ...first, route: { name: 'it', targets } } }))
    if (!sent) throw new Error('It was sent nowhere.')
    return { target: `${sent.target.provider.name}/${sent.target.model}`, why: sent.report.route?.why ?? '', call: sent }
  }
  return { router, emitter, upstreams, ask }
}

/** An upstream that takes so long, on a clock that only moves here, and then answers or fails. */
function taking(clock: { now: number }, ms: number, over: Partial<Attempt> = {}): Next {
  return async ({ target, report, stream }) => {
    clock.now += ms
    const { provider, model } = target
    const attempt: Attempt = {
      provider: provider.name,
      model,
      protocol: 'p',
      startedAt: 0,
      outcome: 'ok',
      durationMs: ms,
      ...over,
    }
    if (stream) attempt.firstTokenMs = ms
    report.attempts.push(attempt)
    if (attempt.outcome === 'error') throw new LeashError(attempt.error ?? 'upstream_error', 'It failed.')
    return { ...anAnswer, attempt }
  }
}

const picture = { messages: [{ role: 'user', content: [{ type: 'image_url' }, { type: 'text', text: 'What is it?' }] }] }
const words = (count: number) => ({ messages: [{ role: 'user', content: 'word '.repeat(count) }] })
const failing = (run: Promise<unknown>): Promise<LeashError> =>
  run.then(
    () => {
      throw new Error('It did not fail.')
    },
    (error) => error,
  )

describe('a group', () => {
  test('goes to its first target', async () => {
    const { ask } = routing({ targets: [small, large] })
    expect(await ask()).toMatchObject({ target: small, why: 'the first, of 2' })
  })

  test('passes over a target that is not ready', async () => {
    const { ask } = routing({ targets: [small, large] })
    const { target, why } = await ask({ missing: { [small]: 'Set A_KEY.' } })
    expect([target, why]).toEqual([
      large,
      'the first, and the only one of 2 that can take the call; passed over a/small (it is not ready)',
    ])
  })

  test('of which none is ready goes to one that says what it lacks', async () => {
    const { ask } = routing({ targets: [{ model: small, when: { tools: true } }, large] })
    expect(await ask({ missing: { [small]: 'x', [large]: 'Set B_KEY.' } })).toMatchObject({ target: large })
  })

  test('tells in the report and by an event which target it chose, and why', async () => {
    const { ask, emitter } = routing({ targets: [small, large] })
    const heard: unknown[] = []
    emitter.on('route', (event) => heard.push(event))
    const { call } = await ask()
    expect(call.report.route).toEqual({ name: 'it', target: small, why: 'the first, of 2' })
    expect(heard).toEqual([{ name: 'it', target: small, why: 'the first, of 2', callId: 'call_test' }])
  })

  test('hands the others to fallback when it is told to, in their order', async () => {
    const { ask } = routing({ targets: [small, large, third], prefer: 'quality', fallback: true })
    expect((await ask()).call.options.fallback).toEqual([large, third])
    expect((await ask({ options: { fallback: ['x/y'] } })).call.options.fallback).toEqual(['x/y'])
    expect((await ask({ options: { fallback: false } })).call.options.fallback).toBe(false)
    expect((await routing({ targets: [small, large] }).ask()).call.options).not.toHaveProperty('fallback')
  })

  test('of another name leaves a call alone', async () => {
    const { router } = routing({ targets: [small, large] })
    const call = aCall()
    const seen: Call[] = []
    await router.middleware(async (call) => {
      seen.push(call)
      return anAnswer
    })(call)
    expect(seen).toEqual([call])
    expect(call.report.route).toBeUndefined()
  })
})

describe('conditions', () => {
  test.each<[Route['targets'][number], Asking, string]>([
    [{ model: small, when: { images: false } }, { body: picture }, large],
    [{ model: small, when: { images: false } }, { body: words(3) }, small],
    [{ model: small, when: { images: true } }, { body: picture }, small],
    [{ model: small, when: { tools: true } }, { body: {} }, large],
    [{ model: small, when: { stream: true } }, { stream: false }, large],
    [{ model: small, when: { structuredOutput: true } }, { body: { response_format: { type: 'json_schema' } } }, small],
    [{ model: small, when: { maxInputTokens: 100 } }, { body: words(50) }, small],
    [{ model: small, when: { maxInputTokens: 100 } }, { body: words(500) }, large],
    [{ model: small, when: { minInputTokens: 100 } }, { body: words(50) }, large],
    [{ model: small, when: { tenants: ['acme'] } }, { options: { tenant: 'acme' } }, small],
    [{ model: small, when: { tenants: ['acme'] } }, { options: { tenant: 'other' } }, large],
    [{ model: small, when: { tenants: ['acme'] } }, {}, large],
    [{ model: small, when: { users: ['ann'] } }, { options: { user: 'ann' } }, small],
    [{ model: small, when: { tags: { tier: ['free', 'trial'] } } }, { options: { tags: { tier: 'trial' } } }, small],
    [{ model: small, when: { tags: { tier: 'free' } } }, { options: { tags: { tier: 'paid' } } }, large],
    [{ model: small, when: { tags: { tier: 'free' }, tools: true } }, { options: { tags: { tier: 'free' } } }, large],
    [{ model: small, when: ({ options }) => options.user === 'ann' }, { options: { user: 'ann' } }, small],
    [{ model: small, when: ({ options }) => options.user === 'ann' }, {}, large],
  ])('%j takes or leaves %j', async (target, asking, expected) => {
    expect((await routing({ targets: [target, large] }).ask(asking)).target).toBe(expected)
  })

  test('that no target meets are a failure which names each and why', async () => {
    const { ask } = routing({
      targets: [
        { model: small, when: { tools: true } },
        { model: large, when: () => false },
      ],
    })
    const { code, message } = await failing(ask())
    expect(code).toBe('unsupported')
    expect(message).toContain('a/small (its `when` does not hold), b/large (its `when` does not hold)')
  })
})

describe('what models are known to lack', () => {
  const capabilities: RouterDeps['capabilities'] = new Lazy(
    async () =>
      ({ provider }) =>
        provider.name === 'a' ? { images: false, tools: false, contextWindow: 5000 } : {},
  )

  test.each<[string, JsonObject, string]>([
    ['takes no images', picture, large],
    ['takes no tools', { tools: [{ type: 'function' }] }, large],
    ['its window of 5000 tokens is too small', words(6000), large],
    ['', words(5), small],
  ])('passes them over: %s', async (why, body, expected) => {
    const sent = await routing({ targets: [small, large] }, { capabilities }).ask({ body })
    expect([sent.target, sent.why.includes(`passed over a/small (${why})`)]).toEqual([expected, why !== ''])
  })

  test('does not need counting where the bytes are few', async () => {
    const { router } = routing({ targets: [small, large] }, { capabilities })
    const target = { ...targetOf(small), route: { name: 'it', targets: [targetOf(small), targetOf(large)] } }
    const sent: Call[] = []
    const body = new Proxy({}, { get: (_, name) => (name === 'messages' ? words(1).messages : undefined) }) as JsonObject
    await router.middleware(async (call) => {
      sent.push(call)
      return anAnswer
    })(aCall({ body, text: JSON.stringify(words(1)), target }))
    expect(sent[0]?.target.model).toBe('small')
  })
})

describe('prefer', () => {
  const prices = book({ [small]: [5, 1], [large]: [1, 20] })

  test('cost takes the target at which this very request is cheapest', async () => {
    const { ask } = routing({ targets: [large, small], prefer: 'cost' }, { prices })
    const short = await ask({ body: words(5) })
    expect([short.target, short.why]).toEqual([small, 'the lowest cost, about $0.00103, of 2'])
    expect((await ask({ body: { ...words(5000), max_tokens: 10 } })).target).toBe(large)
  })

  test('cost puts unknown prices last, and without any takes the first', async () => {
    expect((await routing({ targets: [third, small], prefer: 'cost' }, { prices }).ask()).target).toBe(small)
    expect(await routing({ targets: [third, small], prefer: 'cost' }).ask()).toMatchObject({
      target: third,
      why: 'the first, for no price is known, of 2',
    })
  })

  test('quality takes the highest number', async () => {
    const targets = [third, { model: small, quality: 0.5 }, { model: large, quality: 0.9 }]
    expect(await routing({ targets, prefer: 'quality' }).ask()).toMatchObject({
      target: large,
      why: 'the highest quality, 0.9, of 3',
    })
  })

  test('of a call goes before that of the route', async () => {
    const { ask } = routing({ targets: [{ model: large, quality: 1 }, small], prefer: 'quality' }, { prices })
    expect((await ask()).target).toBe(large)
    expect((await ask({ options: { prefer: 'cost' } })).target).toBe(small)
  })
})

describe('prefer latency', () => {
  test('settles on the faster target, and tries the other one again after a while', async () => {
    const clock = { now: 1e6 }
    const { ask, upstreams } = routing({ targets: [small, large], prefer: 'latency' }, { now: () => clock.now })
    upstreams[small] = taking(clock, 2000)
    upstreams[large] = taking(clock, 200)
    const seen: string[] = []
    for (let at = 0; at < 20; at++) seen.push((await ask()).target)
    expect(seen.filter((target) => target === small).length).toBeLessThanOrEqual(1)
    expect((await ask()).why).toMatch(/^the shortest wait, about \d+ ms, of 2$/)
    clock.now += 600_000
    upstreams[large] = taking(clock, 200)
    const later: string[] = []
    for (let at = 0; at < 20; at++) later.push((await ask()).target)
    expect(later).toContain(small)
  })

  test('forgets nothing of it when the clock is put ahead', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { ask, upstreams } = routing({ targets: [small, large], prefer: 'latency' })
    upstreams[small] = taking({ now: 0 }, 20_000)
    upstreams[large] = taking({ now: 0 }, 200)
    for (let at = 0; at < 20; at++) await ask()
    vi.setSystemTime(Date.now() + 600_000)
    for (let at = 0; at < 20; at++) expect((await ask()).target).toBe(large)
  })

  test('leaves a target that fails, and not one whose caller erred', async () => {
    const clock = { now: 1e6 }
    const { ask, upstreams } = routing({ targets: [small, large], prefer: 'latency' }, { now: () => clock.now })
    upstreams[small] = taking(clock, 10, { outcome: 'error', error: 'overloaded' })
    upstreams[large] = taking(clock, 3000)
    for (let at = 0; at < 3; at++) await ask().catch(() => {})
    expect((await ask()).target).toBe(large)
    upstreams[large] = taking(clock, 3000, { outcome: 'error', error: 'invalid_request' })
    await ask().catch(() => {})
    const after = await ask().catch((error) => error)
    expect(after).toMatchObject({ code: 'invalid_request' })
  })

  test('knows streams by their first content, apart from whole answers', async () => {
    const clock = { now: 1e6 }
    const { ask, upstreams } = routing({ targets: [small, large], prefer: 'latency' }, { now: () => clock.now })
    upstreams[small] = (call) => taking(clock, call.stream ? 100 : 3000)(call)
    upstreams[large] = (call) => taking(clock, call.stream ? 3000 : 100)(call)
    for (let at = 0; at < 4; at++) {
      await ask({ stream: true })
      await ask({ stream: false })
    }
    expect([(await ask({ stream: true })).target, (await ask({ stream: false })).target]).toEqual([small, large])
  })

  test('sends no crowd to a target that has answered nobody yet', async () => {
    const { ask, upstreams } = routing({ targets: [small, large], prefer: 'latency' })
    const { promise, resolve } = Promise.withResolvers<Result>()
    upstreams[small] = upstreams[large] = () => promise
    const asked = Array.from({ length: 10 }, () => ask())
    resolve(anAnswer)
    const targets = (await Promise.all(asked)).map(({ target }) => target)
    expect(targets.filter((target) => target === small)).toHaveLength(5)
  })
})

describe('weights', () => {
  test('share the calls, and say so', async () => {
    const { ask } = routing({
      targets: [
        { model: small, weight: 3 },
        { model: large, weight: 1 },
        { model: third, weight: 0 },
      ],
    })
    const seen = await Promise.all(Array.from({ length: 400 }, () => ask()))
    const share = seen.filter(({ target }) => target === small).length / 400
    expect(Math.abs(share - 0.75)).toBeLessThan(0.11)
    expect(seen.some(({ target }) => target === third)).toBe(false)
    expect(seen[0]?.why).toMatch(/^drawn, weight [13] of 4, of the 2 that can take the call$/)
  })

  test('stick to a user, a tenant or a tag, and draw for whoever has none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), async (who) => {
        for (const [sticky, options] of [
          ['user', { user: who }],
          ['tenant', { tenant: who }],
          ['tag:cohort', { tags: { cohort: who } }],
        ] as const) {
          const { ask } = routing({ targets: [small, large, third], sticky })
          const targets = await Promise.all(Array.from({ length: 5 }, () => ask({ options })))
          expect(new Set(targets.map(({ target }) => target)).size).toBe(1)
        }
      }),
      { numRuns: 20 },
    )
    const { ask } = routing({ targets: [small, large], sticky: 'user' })
    const drawn = await Promise.all(Array.from({ length: 20 }, () => ask()))
    expect(new Set(drawn.map(({ target }) => target)).size).toBe(2)
    expect((await ask({ options: { user: 'ann' } })).why).toMatch(/^what this user always gets, weight 1 of 2, of 2$/)
  })

  test('do not name the user in the report', async () => {
    const { ask } = routing({ targets: [small, large], sticky: 'user' })
    expect((await ask({ options: { user: 'ann@example.com' } })).why).not.toContain('ann')
  })
})

describe('maxCostUsd', () => {
  const prices = book({ [small]: [1, 1], [large]: [100, 100] })

  test('passes over what could cost more', async () => {
    const { ask } = routing({ targets: [large, small] }, { prices })
    const body = { ...words(10), max_tokens: 1000 }
    const { target, why } = await ask({ body, options: { maxCostUsd: 0.01 } })
    expect([target, why]).toEqual([
      small,
      'the first, and the only one of 2 that can take the call; passed over b/large (could cost $0.101)',
    ])
    expect((await ask({ body, options: { maxCostUsd: 1 } })).target).toBe(large)
  })

  test('fails when nothing is left, and says what to do', async () => {
    const { ask } = routing({ targets: [large, small] }, { prices })
    const { code, message } = await failing(ask({ body: { max_tokens: 1000 }, options: { maxCostUsd: 0.0001 } }))
    expect(code).toBe('budget_exceeded')
    expect(message).toMatch(/`maxCostUsd` of \$0\.0001 leaves no target.*b\/large \(could cost \$0\.1\).*Raise it/)
  })

  test('takes what nobody knows for too much: a price, or how long the answer may be', async () => {
    const { ask } = routing({ targets: [small] }, { prices })
    expect((await failing(ask({ options: { maxCostUsd: 1 } }))).message).toContain('nothing bounds the answer')
    const known = routing({ targets: [small] }, { prices, capabilities: new Lazy(async () => () => ({ maxOutput: 1000 })) })
    expect((await known.ask({ options: { maxCostUsd: 1 } })).target).toBe(small)
    const unknown = routing({ targets: [small] })
    const options = { maxCostUsd: 1 }
    expect((await failing(unknown.ask({ body: { max_tokens: 5 }, options }))).message).toContain('its price is not known')
  })

  test('holds for a call without a route as well', async () => {
    const { router } = routing({ targets: [small] }, { prices })
    const run = router.middleware(async () => anAnswer)
    const call = aCall({ target: targetOf(large), body: { max_tokens: 1000 }, options: { maxCostUsd: 0.01 } })
    expect(await failing(run(call))).toMatchObject({ code: 'budget_exceeded' })
    expect(await run({ ...call, target: targetOf(small) })).toBe(anAnswer)
  })

  test('is an amount of money', async () => {
    const { ask } = routing({ targets: [small] })
    expect(await failing(ask({ options: { maxCostUsd: Number.NaN } }))).toMatchObject({ code: 'invalid_config' })
  })
})

describe('an experiment', () => {
  const experiment = { goal: 'errors', minimumSample: 50, confidence: 0.9, automatic: true } as const

  test('counts calls, errors, latency and cost of each variant', async () => {
    const clock = { now: 0 }
    const prices = book({ [small]: [1, 1] })
    const route: Route = { targets: [{ model: small, weight: 3 }, large], experiment: { name: 'size' } }
    const { ask, upstreams, router } = routing(route, { now: () => clock.now, prices })
    upstreams[small] = taking(clock, 100, { usage: usageOf({ input: 500_000, output: 500_000 }) })
    upstreams[large] = taking(clock, 300, { outcome: 'error', error: 'upstream_error' })
    for (let at = 0; at < 40; at++) await ask().catch(() => {})
    const [state] = router.experiments()
    const [first, second] = state?.variants ?? []
    expect(state).toMatchObject({ name: 'size', route: 'it', looks: 0 })
    expect(first).toMatchObject({ target: small, share: 0.75, errors: 0, latencyMs: { mean: 100 }, costUsd: { mean: 1 } })
    expect(second).toMatchObject({ target: large, share: 0.25, errors: second?.calls })
    expect(second).not.toHaveProperty('latencyMs')
    expect((first?.calls ?? 0) + (second?.calls ?? 0)).toBe(40)
  })

  test('sends all calls to its winner once it has one, and tells of it once', async () => {
    const clock = { now: 0 }
    const { ask, upstreams, router, emitter } = routing({ targets: [small, large], sticky: 'user', experiment })
    const heard: unknown[] = []
    emitter.on('experiment', (state) => heard.push(state.winner))
    upstreams[small] = taking(clock, 1, { outcome: 'error', error: 'upstream_error' })
    for (let at = 0; at < 160; at++) await ask({ options: { user: `user-${at}` } }).catch(() => {})
    expect([router.experiments()[0]?.winner, heard]).toEqual([large, [large]])
    const targets = await Promise.all(Array.from({ length: 20 }, (_, at) => ask({ options: { user: `user-${at}` } })))
    expect(new Set(targets.map(({ target }) => target))).toEqual(new Set([large]))
    expect(targets[0]?.why).toBe('the winner of the experiment "it", of 2')
  })

  test('only reports its winner when it is not automatic', async () => {
    const clock = { now: 0 }
    const { ask, upstreams, router } = routing({ targets: [small, large], experiment: { ...experiment, automatic: false } })
    upstreams[small] = taking(clock, 1, { outcome: 'error', error: 'upstream_error' })
    for (let at = 0; at < 160; at++) await ask().catch(() => {})
    expect(router.experiments()[0]?.winner).toBe(large)
    const targets = await Promise.all(Array.from({ length: 20 }, () => ask().catch(() => ({ target: small }))))
    expect(targets.some(({ target }) => target === small)).toBe(true)
  })

  test('leaves out calls that not every variant could have had, and those with a wish of their own', async () => {
    const { ask, router } = routing({ targets: [small, { model: large, when: { images: false } }], experiment: {} })
    await ask({ body: picture })
    await ask({ options: { prefer: 'quality' } })
    await ask({ missing: { [large]: 'Set B_KEY.' } })
    expect(router.experiments()[0]?.variants.map(({ calls }) => calls)).toEqual([0, 0])
    await ask()
    expect(router.experiments()[0]?.variants.reduce((sum, { calls }) => sum + calls, 0)).toBe(1)
  })

  test('counts a call that fell back against its own variant, and one that the caller left for none', async () => {
    const clock = { now: 0 }
    const { ask, upstreams, router } = routing({
      targets: [
        { model: small, weight: 1 },
        { model: large, weight: 1 },
      ],
      experiment: {},
    })
    const errors = () => router.experiments()[0]?.variants.map(({ errors }) => errors)
    // Another model, or the same one at another provider.
    for (const [at, other] of [() => third, (model: string) => `c/${model}`].entries()) {
      upstreams[small] = upstreams[large] = (call) => taking(clock, 5)({ ...call, target: targetOf(other(call.target.model)) })
      await ask()
      expect(errors()?.reduce((sum, count) => sum + count, 0)).toBe(at + 1)
    }
    upstreams[small] = upstreams[large] = async () => {
      throw new LeashError('aborted', 'The caller aborted the call.')
    }
    await failing(ask())
    expect(errors()?.reduce((sum, count) => sum + count, 0)).toBe(2)
  })

  test('takes scores for the calls it remembers', async () => {
    const { ask, router } = routing({ targets: [small, large], experiment: { goal: 'score' } })
    await ask({ id: 'call_1' })
    expect(router.score('call_1', 4)).toBe(true)
    expect(router.score('call_2', 4)).toBe(false)
    expect(router.experiments()[0]?.variants.flatMap(({ score }) => score ?? [])).toEqual([{ count: 1, mean: 4 }])
    expect(() => router.score('call_1', Number.NaN)).toThrow('[invalid_config]')
  })
})
