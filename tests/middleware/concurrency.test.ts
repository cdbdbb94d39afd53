import { describe, expect, it, vi } from 'vitest'
import type { Call, CallOptions } from '../../src/core/call.js'
import type { Next } from '../../src/core/middleware.js'
import { createLeash, LeashError, type LeashOptions } from '../../src/leash.js'
import { concurrency, providerConcurrency } from '../../src/middleware/concurrency.js'
import { mockProviders } from '../../src/testing/index.js'
import { aCall, anAnswer } from '../helpers/call.js'
import { until, useMock } from '../helpers/mock.js'
import { lanes } from '../transport/lanes.js'

/** Calls that stay under way until they are let go. */
function held(): Next & { readonly underway: Call[]; most: number; finish(error?: LeashError): Promise<void> } {
  const open: ((error?: LeashError) => void)[] = []
  const state = Object.assign(
    (call: Call) => {
      state.underway.push(call)
      state.most = Math.max(state.most, open.length + 1)
      return new Promise<typeof anAnswer>((resolve, reject) => open.push((error) => (error ? reject(error) : resolve(anAnswer))))
    },
    {
      underway: [] as Call[],
      most: 0,
      async finish(error?: LeashError) {
        open.shift()?.(error)
        await new Promise((resolve) => setImmediate(resolve))
      },
    },
  )
  return state
}

const of = (options: CallOptions, over: Partial<Call> = {}) => aCall({ options, ...over })

describe('concurrency', () => {
  it('bounds all calls, and lets the next in when one is over, however it ends', async () => {
    const next = held()
    const send = concurrency({ total: 2 })(next)
    const answers = [1, 2, 3, 4].map(() => send(aCall()))
    expect(next.underway).toHaveLength(2)
    await next.finish()
    expect(next.underway).toHaveLength(3)
    const failed = expect(answers[1]).rejects.toThrow('Busy')
    await next.finish(new LeashError('upstream_error', 'Busy.'))
    await failed
    expect(next.underway).toHaveLength(4)
    await next.finish()
    await next.finish()
    await Promise.all([answers[0], answers[2], answers[3]])
    expect(next.most).toBe(2)
  })

  it('bounds each tenant by itself, and calls without one together', async () => {
    const next = held()
    const send = concurrency({ tenant: 1 })(next)
    for (const tenant of ['a', 'a', 'b', undefined, undefined]) void send(of(tenant === undefined ? {} : { tenant }))
    expect(next.underway.map(({ options }) => options.tenant)).toEqual(['a', 'b', undefined])
    await next.finish()
    expect(next.underway).toHaveLength(4)
  })

  it('goes by the priority of the call', async () => {
    const next = held()
    const send = concurrency({ total: 1 })(next)
    for (const priority of ['normal', 'low', 'high'] as const) void send(of({ priority }))
    await next.finish()
    await next.finish()
    expect(next.underway.map(({ options }) => options.priority)).toEqual(['normal', 'high', 'low'])
  })

  it('bounds the providers that are named, each by itself', async () => {
    const next = held()
    const send = providerConcurrency({ provider: { test: 1 } })(next)
    const elsewhere = aCall()
    const other = { ...elsewhere.target, provider: { ...elsewhere.target.provider, name: 'other' } }
    for (const call of [aCall(), aCall(), aCall({ target: other }), aCall({ target: other })]) void send(call)
    expect(next.underway.map(({ target }) => target.provider.name)).toEqual(['test', 'other', 'other'])
  })

  it('does not have a call wait at a provider when another target may be tried', async () => {
    const next = held()
    const send = providerConcurrency({ provider: 1 })(next)
    void send(aCall())
    await expect(send(aCall({ alternatives: true }))).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('holds as many as a thousand calls to their bound', async () => {
    let [inside, most] = [0, 0]
    const send = concurrency({ total: 17, tenant: 5 })(async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
      return anAnswer
    })
    await Promise.all(Array.from({ length: 1000 }, (_, at) => send(of({ tenant: String(at % 7) }))))
    expect([inside, most]).toEqual([0, 17])
  })
})

describe('over a leash', () => {
  const mock = useMock()
  const make = (options: LeashOptions) => createLeash({ providers: mockProviders(mock.url), retry: false, ...options })
  const ask = (leash: ReturnType<typeof make>, over: object = {}, signal?: AbortSignal) =>
    leash.handle(
      new Request('http://leash/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'one two three' }], ...over }),
        ...(signal && { signal }),
      }),
    )

  it.each(lanes)('a stream keeps its place until it has ended (%s)', async (_, model) => {
    const leash = make({ concurrency: { total: 1 } })
    const stream = await ask(leash, { model, stream: true })
    const second = ask(leash, { model })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(mock.requests).toHaveLength(1)
    await stream.text()
    expect((await second).status).toBe(200)
  })

  it('holds each tenant to its own, where nothing else is bounded', async () => {
    mock.script({ hang: 'headers' })
    const leash = make({ concurrency: { tenant: 1, queue: { waitMs: 0 } } })
    const of = (tenant: string) => {
      const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'one' }] })
      const request = new Request('http://leash/v1/chat/completions', { method: 'POST', body })
      return leash.handle(request, { leash: { tenant } })
    }
    void of('acme')
    await until(() => mock.requests.length === 1)
    expect((await of('acme')).status).toBe(503)
    expect((await of('globex')).status).toBe(200)
    await leash.close()
  })

  it.each(lanes)('a stream that is left gives its place back (%s)', async (_, model) => {
    const leash = make({ concurrency: { provider: 1 } })
    const stream = await ask(leash, { model, stream: true })
    const second = ask(leash, { model })
    await stream.body?.cancel()
    expect((await second).status).toBe(200)
  })

  it('a call that finds no place is answered with 503, in the protocol of its caller', async () => {
    const leash = make({ concurrency: { total: 1, queue: { max: 0 } } })
    mock.script({ latencyMs: 600 })
    const first = ask(leash)
    await until(() => mock.requests.length === 1)
    const refused = await ask(leash)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('x-leash-error')).toBe('overloaded')
    expect((await refused.json()).error).toMatchObject({ code: 'overloaded' })
    expect((await first).status).toBe(200)
  })

  it('a call that aborts while it waits never reaches the vendor', async () => {
    const leash = make({ concurrency: { total: 1 } })
    mock.script({ latencyMs: 600 })
    const first = ask(leash)
    await until(() => mock.requests.length === 1)
    const controller = new AbortController()
    const waiting = ask(leash, {}, controller.signal)
    const after = ask(leash)
    setTimeout(() => controller.abort())
    expect((await waiting).headers.get('x-leash-error')).toBe('aborted')
    await Promise.all([first, after])
    expect(mock.requests).toHaveLength(2)
  })

  it('goes on counting when a layer is added', async () => {
    const leash = make({ concurrency: { total: 1, queue: { max: 0 } } })
    const stream = await ask(leash, { stream: true })
    leash.use((next) => next)
    expect((await ask(leash)).status).toBe(503)
    await stream.text()
    expect((await ask(leash)).status).toBe(200)
  })

  it('goes to another target at once when a provider has no place', async () => {
    const moved = vi.fn()
    const leash = make({ concurrency: { provider: { openai: 1 } }, fallback: ['claude-haiku-4-5'] })
    leash.on('fallback', moved)
    const stream = await ask(leash, { stream: true })
    const second = await ask(leash)
    expect(second.headers.get('x-leash-provider')).toBe('anthropic')
    expect(moved).toHaveBeenCalledOnce()
    await stream.text()
  })

  it('a wrong option says what is wrong', () => {
    expect(() => make({ concurrency: {} })).toThrow('must have `total`, `tenant` or `provider`')
    expect(() => make({ concurrency: { total: 0 } })).toThrow('`concurrency.total`: must be at least 1')
  })
})
