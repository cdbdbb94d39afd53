/** The layer alone, over an upstream that answers when the test says so. */
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Call, Result, UnaryResult } from '../../../src/core/call.js'
import { LeashError } from '../../../src/core/errors.js'
import type { Next } from '../../../src/core/middleware.js'
import { createReport } from '../../../src/core/report.js'
import { coalesce } from '../../../src/middleware/coalesce.js'
import { aCall } from '../../helpers/call.js'

const { target } = aCall()
const turn = () => new Promise((resolve) => setImmediate(resolve))
const failure = () => new LeashError('overloaded', 'Busy.', { retryable: true, retryAfterMs: 5 })

interface Asked {
  readonly call: Call
  readonly answer: (result: Result | Promise<Result>) => void
}

/** Keeps what it is asked, to be answered by hand; throws when it is stopped before. */
function upstream(): Next & { readonly asked: Asked[] } {
  const asked: Asked[] = []
  const next: Next = (call) => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    call.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true })
    asked.push({ call, answer: resolve })
    return promise
  }
  return Object.assign(next, { asked })
}

let calls = 0

function call(over: Partial<Call> & { readonly text?: string } = {}): Call {
  return aCall({ target, text: 'same', report: createReport(`call_${++calls}`, undefined), ...over })
}

function unary(over: Partial<UnaryResult> = {}): UnaryResult {
  return { stream: false, status: 200, headers: new Headers({ 'x-own': '1' }), body: { deep: { text: 'hi' } }, ...over }
}

interface Flow {
  readonly result: Result
  push(text: string): void
  fail(error: unknown): void
  end(): void
  left: boolean
}

/** A stream whose pieces come when the test says so. */
function flow(): Flow {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given
      },
      cancel: () => {
        it.left = true
      },
    },
    { highWaterMark: 0 },
  )
  const response = new Response()
  const it: Flow = {
    result: { stream: true, status: 200, headers: new Headers(), body, response },
    push: (text) => controller?.enqueue(new TextEncoder().encode(text)),
    fail: (error) => controller?.error(error),
    end: () => controller?.close(),
    left: false,
  }
  return it
}

async function textOf(result: Result): Promise<string> {
  if (!result.stream) throw new Error('No stream.')
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of result.body) text += decoder.decode(bytes, { stream: true })
  return text
}

describe('whole answers', () => {
  test('one call upstream answers all that are the same', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const callers = [call(), call(), call()]
    const answers = callers.map(layer)
    await turn()
    expect(next.asked).toHaveLength(1)
    const given = unary({ response: new Response() })
    next.asked[0]?.answer(given)
    const [first, ...others] = await Promise.all(answers)
    expect(first).toBe(given)
    for (const other of others) {
      expect(other).toEqual(unary())
      expect(other).not.toHaveProperty('response')
    }
    expect(callers.map(({ report }) => report.coalesced)).toEqual([undefined, true, true])
  })

  test('a caller does as it likes with its own', async () => {
    for (const text of [undefined, JSON.stringify(unary().body)]) {
      const next = upstream()
      const layer = coalesce()(next)
      const answers = [layer(call()), layer(call()), layer(call())]
      await turn()
      next.asked[0]?.answer(unary(text === undefined ? {} : { text }))
      for (const answer of answers) {
        const { body, headers } = (await answer) as UnaryResult
        expect(body).toEqual({ deep: { text: 'hi' } })
        expect(headers.has('x-changed')).toBe(false)
        ;(body as { deep: { text: string } }).deep.text = 'changed'
        headers.set('x-changed', '1')
      }
    }
  })

  test('text that is no JSON is given to each as it is', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const answers = [layer(call()), layer(call())]
    await turn()
    next.asked[0]?.answer(unary({ body: 'pong', text: 'pong' }))
    expect((await Promise.all(answers)).map((answer) => (answer as UnaryResult).body)).toEqual(['pong', 'pong'])
  })

  test("a failure is everybody's, each with an error of its own", async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const answers = [layer(call()), layer(call())].map((answer) => answer.catch((error: LeashError) => error))
    await turn()
    const upstreamSaid = { protocol: 'p', status: 529, headers: new Headers({ a: 'b' }), text: 'busy' }
    const headers = { 'x-leash-ratelimit-limit-requests': '1' }
    const told = { retryable: true, retryAfterMs: 5, status: 529, headers, upstream: upstreamSaid }
    const error = new LeashError('overloaded', 'Busy.', told)
    next.asked[0]?.answer(Promise.reject(error))
    const [first, second] = (await Promise.all(answers)) as [LeashError, LeashError]
    expect(first).toBe(error)
    expect(second).not.toBe(error)
    expect(second.upstream?.headers).not.toBe(error.upstream?.headers)
    for (const { code, message, status, retryable, retryAfterMs, headers, upstream } of [first, second]) {
      expect({ code, message, status, retryable, retryAfterMs, headers }).toEqual({
        code: 'overloaded',
        message: '[overloaded] Busy.',
        status: 529,
        retryable: true,
        retryAfterMs: 5,
        headers: { 'x-leash-ratelimit-limit-requests': '1' },
      })
      expect(upstream?.text).toBe('busy')
    }
  })

  test('the next one after an answer or a failure is asked anew', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const first = layer(call())
    await turn()
    next.asked[0]?.answer(unary())
    await first
    const second = layer(call())
    await turn()
    next.asked[1]?.answer(Promise.reject(failure()))
    await expect(second).rejects.toMatchObject({ code: 'overloaded' })
    void layer(call())
    await turn()
    expect(next.asked).toHaveLength(3)
  })

  test('each leaves by its own signal; the first does not take the others with it, and the last stops the call', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const callers = [new AbortController(), new AbortController(), new AbortController()]
    const answers = callers.map(({ signal }) => layer(call({ signal })).catch((error: unknown) => error))
    await turn()
    const signal = next.asked[0]?.call.signal
    for (const [index, caller] of callers.entries()) {
      expect(signal?.aborted).toBe(false)
      caller.abort(`reason ${index}`)
      expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
      expect(await answers[index]).toMatchObject({ code: 'aborted', cause: `reason ${index}` })
    }
    expect(signal?.reason).toBe('reason 2')
    void layer(call())
    await turn()
    expect(next.asked).toHaveLength(2)
  })

  test('who comes in the tick in which the last one leaves joins no call that is being stopped', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const caller = new AbortController()
    const left = layer(call({ signal: caller.signal })).catch(() => {})
    await turn()
    caller.abort()
    const answer = layer(call())
    await turn()
    next.asked[1]?.answer(unary())
    expect(await answer).toMatchObject({ status: 200 })
    await left
  })

  test('a caller who had stopped before asks nobody', async () => {
    const next = upstream()
    await expect(coalesce()(next)(call({ signal: AbortSignal.abort('no') }))).rejects.toMatchObject({ code: 'aborted' })
    await expect(coalesce()(next)(call({ deadline: 1 }))).rejects.toMatchObject({ code: 'deadline_exceeded' })
    expect(next.asked).toEqual([])
  })

  test('a deadline ends one wait, and not the call of the others', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const hasty = layer(call({ deadline: Date.now() + 5 }))
    const patient = layer(call({ deadline: Date.now() + 60_000 }))
    await expect(hasty).rejects.toMatchObject({ code: 'deadline_exceeded' })
    expect(next.asked[0]?.call.deadline).toBeUndefined()
    next.asked[0]?.answer(unary())
    expect(await patient).toEqual(unary())
  })

  test('an attempt that the last deadline stops knows why', async () => {
    const next = upstream()
    await expect(coalesce()(next)(call({ deadline: Date.now() + 5 }))).rejects.toMatchObject({ code: 'deadline_exceeded' })
    expect(next.asked[0]?.call.signal?.reason).toMatchObject({ code: 'deadline_exceeded' })
  })

  test('a stream that comes when everybody has left is closed', async () => {
    const caller = new AbortController()
    let answer: (result: Result) => void = () => {}
    const deaf: Next = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const waiting = coalesce()(deaf)(call({ signal: caller.signal }))
    caller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
    const late = flow()
    answer(late.result)
    await turn()
    expect(late.left).toBe(true)
  })

  test('what has answered is not stopped afterwards', async () => {
    const next = upstream()
    const answers = [call(), call()].map(coalesce()(next))
    await turn()
    next.asked[0]?.answer(unary())
    await Promise.all(answers)
    expect(next.asked[0]?.call.signal?.aborted).toBe(false)
  })

  test('what was lost, and where it went, is told to each', async () => {
    const loss = { path: 'x', action: 'dropped', why: 'because' } as const
    const move = { from: 'a/b', to: 'c/d', because: 'overloaded' } as const
    const next = upstream()
    const layer = coalesce()(next)
    const [first, second] = [call(), call()]
    first.report.warnings.push({ path: 'own', action: 'dropped', why: 'before' })
    first.report.moves.push({ from: 'own/a', to: 'a/b', because: 'overloaded' })
    const answers = [layer(first), layer(second)]
    await turn()
    const { report } = next.asked[0]?.call ?? call()
    report.warnings.push(loss)
    report.moves.push(move)
    report.route = { name: 'fast', target: 'c/d', why: 'cheap' }
    next.asked[0]?.answer(unary())
    await Promise.all(answers)
    expect(second.report).toMatchObject({ warnings: [loss], moves: [move], route: { target: 'c/d' }, attempts: [] })
    expect(first.report.warnings).toHaveLength(2)
  })
})

describe('streams', () => {
  test('early and late callers read the same bytes', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const early = [layer(call()), layer(call())]
    await turn()
    const shared = flow()
    next.asked[0]?.answer(shared.result)
    const [one] = await Promise.all(early)
    if (!one?.stream) throw new Error('No stream.')
    const reader = one.body[Symbol.asyncIterator]()
    shared.push('one ')
    await reader.next()
    const late = await layer(call())
    expect(late).not.toHaveProperty('response')
    expect(one).toHaveProperty('response')
    shared.push('two')
    shared.end()
    expect(await textOf(late)).toBe('one two')
    expect(await textOf((await early[1]) ?? late)).toBe('one two')
    await reader.next()
    expect(next.asked).toHaveLength(1)
    void layer(call())
    await turn()
    expect(next.asked).toHaveLength(2)
  })

  test('a caller who stops hears it at once, and the others read on', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const caller = new AbortController()
    const [leaves, stays] = [layer(call({ signal: caller.signal })), layer(call())]
    await turn()
    const shared = flow()
    next.asked[0]?.answer(shared.result)
    const left = await leaves
    const reading = textOf(left).catch((error: unknown) => error)
    shared.push('one ')
    await turn()
    caller.abort('enough')
    expect(await reading).toBe('enough')
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
    expect(next.asked[0]?.call.signal?.aborted).toBe(false)
    shared.push('two')
    shared.end()
    expect(await textOf(await stays)).toBe('one two')
  })

  test('the upstream is stopped in the tick in which the last one leaves', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const caller = new AbortController()
    const [aborts, leaves] = [layer(call({ signal: caller.signal })), layer(call())]
    await turn()
    const shared = flow()
    next.asked[0]?.answer(shared.result)
    const left = await leaves
    await aborts
    if (!left.stream) throw new Error('No stream.')
    caller.abort()
    expect(next.asked[0]?.call.signal?.aborted).toBe(false)
    void left.body[Symbol.asyncIterator]().return?.()
    expect(next.asked[0]?.call.signal?.aborted).toBe(true)
    await turn()
    expect(shared.left).toBe(true)
  })

  test('a deadline ends one stream', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    const hasty = layer(call({ deadline: Date.now() + 500 }))
    await turn()
    const shared = flow()
    next.asked[0]?.answer(shared.result)
    await expect(textOf(await hasty)).rejects.toMatchObject({ code: 'deadline_exceeded' })
    expect(next.asked[0]?.call.signal?.reason).toMatchObject({ code: 'deadline_exceeded' })
  })

  test('a stream that has grown over the bound is joined by nobody', async () => {
    const next = upstream()
    const layer = coalesce({ maxBufferBytes: 4 })(next)
    const early = layer(call())
    await turn()
    const shared = flow()
    next.asked[0]?.answer(shared.result)
    const result = await early
    if (!result.stream) throw new Error('No stream.')
    const reader = result.body[Symbol.asyncIterator]()
    shared.push('12345')
    await reader.next()
    const late = call()
    void layer(late)
    await turn()
    expect(next.asked).toHaveLength(2)
    expect(late.report.coalesced).toBeUndefined()
    // The newer one is not forgotten when the older one ends.
    shared.end()
    await reader.next()
    void layer(call())
    await turn()
    expect(next.asked).toHaveLength(2)
  })
})

describe('what is not shared', () => {
  const background = { body: { background: true }, protocol: 'openai-responses' }
  test.each<[string, Partial<Call>, number]>([
    ['a call that asks not to', { options: { coalesce: false } }, 2],
    ['a call with effects', background, 2],
    ['but a call with effects that asks for it', { ...background, options: { coalesce: true } }, 1],
  ])('%s', async (_, over, asked) => {
    const next = upstream()
    const layer = coalesce()(next)
    void layer(call(over))
    void layer(call(over))
    await turn()
    expect(next.asked).toHaveLength(asked)
  })

  test('the calls of two tenants', async () => {
    const next = upstream()
    const layer = coalesce()(next)
    for (const tenant of ['a', 'b', 'a']) void layer(call({ options: { tenant } }))
    await turn()
    expect(next.asked.map(({ call }) => call.options.tenant)).toEqual(['a', 'b'])
  })
})

/** One step of a caller or of the upstream of a group; `who` counts from the oldest. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('call' as const), group: fc.nat(2), who: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), group: fc.nat(2), who: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('answer' as const), group: fc.nat(2), who: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), group: fc.nat(2), who: fc.nat(9) }) },
)

test('whoever comes, leaves and fails: as many calls upstream as there were groups, and everybody gets what is due', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const next = upstream()
      const layer = coalesce()(next)
      interface Caller {
        readonly abort: AbortController
        readonly came: Promise<string>
        due?: string
      }
      const open = new Map<number, Caller[]>()
      const all: Caller[] = []
      let groups = 0
      for (const { do: what, group, who } of steps) {
        const waiting = open.get(group)
        const asked = next.asked.findLast(({ call }) => call.source?.text === String(group))
        if (what === 'call') {
          const abort = new AbortController()
          const came = layer(call({ text: String(group), signal: abort.signal })).then(
            (result) => `answer ${(result as UnaryResult).body}`,
            (error: LeashError) => error.code,
          )
          const caller: Caller = { abort, came }
          all.push(caller)
          if (!waiting) groups++
          open.set(group, [...(waiting ?? []), caller])
        } else if (waiting) {
          const leaver = waiting[who % waiting.length]
          if (what === 'abort' && leaver) {
            leaver.due = 'aborted'
            leaver.abort.abort()
            const left = waiting.filter((one) => one !== leaver)
            if (left.length > 0) open.set(group, left)
            else {
              open.delete(group)
              expect(asked?.call.signal?.aborted).toBe(true)
            }
          } else if (what === 'answer' || what === 'fail') {
            expect(asked?.call.signal?.aborted).toBe(false)
            for (const caller of waiting) caller.due = what === 'answer' ? `answer ${groups}` : 'overloaded'
            asked?.answer(what === 'answer' ? unary({ body: groups }) : Promise.reject(failure()))
            open.delete(group)
          }
        }
        await turn()
        expect(next.asked).toHaveLength(groups)
      }
      for (const { due, came, abort } of all) {
        if (due === undefined) continue
        expect(await came).toBe(due)
        expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
      }
    }),
  )
})

describe('each caller has a timer, without which some runtimes take it for hung,', () => {
  afterEach(() => vi.useRealTimers())

  test('until it has its answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const next = upstream()
    const layer = coalesce()(next)
    const answers = [layer(call()), layer(call())]
    await turn()
    expect(vi.getTimerCount()).toBe(2)
    next.asked[0]?.answer(unary())
    await Promise.all(answers)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('until it leaves, or its stream is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const next = upstream()
    const layer = coalesce()(next)
    const stop = new AbortController()
    const read = layer(call({ stream: true }))
    const left = layer(call({ stream: true, signal: stop.signal }))
    await turn()
    stop.abort()
    await expect(left).rejects.toMatchObject({ code: 'aborted' })
    expect(vi.getTimerCount()).toBe(1)
    const { result, push, end } = flow()
    next.asked[0]?.answer(result)
    const { body } = await read
    push('all')
    end()
    await new Response(body as ReadableStream<Uint8Array>).text()
    expect(vi.getTimerCount()).toBe(0)
  })
})
