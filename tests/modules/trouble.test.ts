/** Modules that throw, hang, leak or give back nonsense: no call crashes, or waits longer than they may take. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../src/leash.js'
import { block, defineModule, edit, type Module, type ModuleDefinition, transform } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

const mock = useMock()
const text = 'one two three four five six seven eight'
const [chat] = asks

const open = (modules: readonly Module[], options: LeashOptions = {}) =>
  createLeash({ providers: mockProviders(mock.url), retry: false, modules, ...options })

const ask = (leash: Leash, stream = false, signal?: AbortSignal) =>
  send(leash, 'fetch', mock.url, chat?.request(text, stream) ?? { path: '', body: {} }, signal)

const never = () => new Promise<undefined>(() => {})
const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

/** Each as it stands in the function of a module. */
const troubles: readonly (readonly [string, () => unknown])[] = [
  [
    'throws',
    () => {
      throw new TypeError('my secret prompt')
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('my secret prompt')
    },
  ],
  [
    'throws no error',
    () => {
      throw 'my secret prompt'
    },
  ],
  ['hangs', never],
  ['gives back a number', () => 42],
  ['gives back an unknown action', () => ({ action: 'explode' })],
  ['gives back a list of nonsense', () => [null, 'block']],
  ['annotates with a circle', () => ({ action: 'annotate', annotations: cyclic })],
  ['annotates without end', () => ({ action: 'annotate', annotations: { long: 'x'.repeat(100_000) } })],
  [
    'has a `then` that throws',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: what is tested is what takes itself for a promise
      then() {
        throw new Error('my secret prompt')
      },
    }),
  ],
  [
    'has a getter that throws',
    () => ({
      get action() {
        throw new Error('my secret prompt')
      },
    }),
  ],
]

function moduleOf(kind: Module['kind'], hook: 'request' | 'response' | 'chunk', trouble: () => unknown): Module {
  const definition = { name: 'trouble', kind, timeout: 20, [hook]: trouble }
  return defineModule(definition as ModuleDefinition & { options?: undefined })
}

const failures = async (leash: Leash) => (await leash.modules.list())[0]

describe.each(troubles)('one that %s', (_, trouble) => {
  test.each([
    ['request', false],
    ['response', false],
    ['response', true],
  ] as const)('as a policy refuses the call in its %s, and is seen (stream: %s)', async (hook, stream) => {
    const leash = open([moduleOf('policy', hook, trouble)])
    const events: string[] = []
    leash.on('policy', ({ guard, action }) => events.push(`${guard} ${action}`))
    const response = await ask(leash, stream)
    expect(response.status).toBe(403)
    const said = await response.text()
    expect(said).toContain('trouble')
    expect(said).not.toContain('secret')
    expect(events).toEqual(['trouble fail'])
    expect(await failures(leash)).toMatchObject({ metrics: { executions: 1, errors: 1, blocks: 1 }, lastError: {} })
    expect(JSON.stringify(await leash.modules.list())).not.toContain('secret')
    expect(leash.health().modules).toMatchObject([{ name: 'trouble', metrics: { errors: 1 } }])
  })

  test.each(['inspector', 'transformer'] as const)('as an %s is passed by, and is seen', async (kind) => {
    const leash = open([moduleOf(kind, 'request', trouble)])
    const warnings: string[] = []
    leash.on('warning', ({ message }) => warnings.push(message))
    expect((await ask(leash)).status).toBe(200)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('"trouble"')
    expect(warnings[0]).not.toContain('secret')
    expect(await failures(leash)).toMatchObject({ metrics: { executions: 1, errors: 1, blocks: 0 } })
  })

  test('as a transformer leaves a stream as it is', async () => {
    const leash = open([moduleOf('transformer', 'chunk', trouble)])
    const said = await (await ask(leash, true)).text()
    expect(said).toContain('eight')
    expect(said).not.toContain('policy_blocked')
    expect((await failures(leash))?.metrics.errors).toBeGreaterThan(0)
  })

  test('as a policy ends a stream with an error', async () => {
    const leash = open([moduleOf('policy', 'chunk', trouble)])
    const said = await (await ask(leash, true)).text()
    expect(said).toContain('policy_blocked')
    expect(said).not.toContain('eight')
  })

  test('as a sink harms nobody', async () => {
    const leash = open([moduleOf('sink', 'response', trouble)])
    expect((await ask(leash)).status).toBe(200)
    await leash.close()
    expect(await failures(leash)).toMatchObject({ state: 'stopped', metrics: { errors: 1 } })
  })
})

test('a condition that throws is a failure of its module', async () => {
  const when = () => {
    throw new Error('my secret prompt')
  }
  expect((await ask(open([defineModule({ name: 'closed', kind: 'policy', when })]))).status).toBe(403)
  expect((await ask(open([defineModule({ name: 'open', kind: 'policy', onError: 'open', when })]))).status).toBe(200)
})

test('one that puts no text in the place of a text has failed', async () => {
  const leash = open([
    defineModule({ name: 'bad', kind: 'transformer', onError: 'closed', request: () => transform(() => 1 as unknown as string) }),
  ])
  expect((await ask(leash)).status).toBe(403)
})

test('a body that is no JSON is not sent', async () => {
  const leash = open([
    defineModule({ name: 'bad', kind: 'transformer', onError: 'closed', request: () => transform(cyclic as never) }),
  ])
  expect((await ask(leash)).status).toBe(403)
  expect(mock.requests).toHaveLength(0)
})

test('an edit beyond its piece is none', async () => {
  const bad = defineModule({
    name: 'bad',
    kind: 'transformer',
    chunk: ({ text }) => ({ action: 'transform', edits: [{ start: 0, end: text.length + 1, text: '' }] }),
  })
  expect(await (await ask(open([bad]), true)).text()).toContain('eight')
})

test('a module that changes what it was given changes nothing', async () => {
  const vandal = defineModule({
    name: 'vandal',
    kind: 'inspector',
    request: ({ body }) => {
      for (const name of Object.keys(body)) delete body[name]
    },
    response: ({ body }) => {
      if (body) body.choices = []
    },
  })
  const answer = await (await ask(open([vandal]))).text()
  expect(JSON.stringify(mock.requests[0]?.body)).toContain('eight')
  expect(answer).toContain('eight')
})

test('one that is too slow for a piece of a stream is not asked for the rest of it', async () => {
  let asked = 0
  const slow = defineModule({
    name: 'slow',
    kind: 'transformer',
    timeout: 10,
    chunk: () => {
      asked++
      return never()
    },
  })
  expect(await (await ask(open([slow]), true)).text()).toContain('eight')
  expect(asked).toBe(1)
})

test('a module’s signal fires when its time is up, and when the caller leaves', async () => {
  const reasons: unknown[] = []
  const waits = (timeout: number) =>
    defineModule({
      name: 'waits',
      kind: 'policy',
      timeout,
      request: (_, { signal }) =>
        new Promise<undefined>((resolve) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason.code)
            resolve(undefined)
          })
        }),
    })
  await ask(open([waits(10)]))
  const caller = new AbortController()
  const leash = open([waits(60_000)])
  const asked = ask(leash, false, caller.signal)
  await until(() => (leash.health().modules?.[0]?.state ?? '') === 'running')
  caller.abort()
  await expect(asked).rejects.toThrow()
  expect(reasons).toEqual(['timeout', 'aborted'])
  expect(await failures(leash)).toMatchObject({ metrics: { errors: 0 } })
})

test('runs that never end are counted, and after a hundred of them no more are begun', async () => {
  let begun = 0
  const leaks = defineModule({
    name: 'leaks',
    kind: 'inspector',
    timeout: 1,
    request: () => {
      begun++
      return never()
    },
  })
  const leash = open([leaks])
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 10 }, () => ask(leash)))
  expect(begun).toBe(100)
  expect(await failures(leash)).toMatchObject({ metrics: { abandoned: 100, timeouts: 100 }, health: { ok: false } })
})

test('a late failure of a run that was given up is heard by nobody', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const late = defineModule({
    name: 'late',
    kind: 'inspector',
    timeout: 1,
    request: async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      throw new Error('late')
    },
  })
  const leash = open([late])
  await ask(leash)
  await expect.poll(async () => (await failures(leash))?.metrics).toMatchObject({ timeouts: 1, abandoned: 0 })
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

test('a sink that hangs holds up neither the answer nor the end for longer than it may take', async () => {
  const hangs = defineModule({ name: 'hangs', kind: 'sink', timeout: 500, response: never })
  const leash = open([hangs])
  const answered = await ask(leash)
  expect(answered.status).toBe(200)
  expect((await failures(leash))?.metrics.errors).toBe(0)
  await leash.close()
  expect(await failures(leash)).toMatchObject({ state: 'stopped', metrics: { timeouts: 1 } })
})

test('what is held back goes out before a stream’s own failure does', async () => {
  mock.script({ cutAfter: { events: 6 } })
  const holds = defineModule({
    name: 'holds',
    kind: 'transformer',
    holdBack: 10_000,
    chunk: ({ text }) => edit(text, 'one', 'eins'),
  })
  const response = await ask(open([holds]), true)
  let said = ''
  const reading = async () => {
    for await (const bytes of response.body ?? []) said += Buffer.from(bytes).toString('utf8')
  }
  await expect(reading()).rejects.toThrow()
  expect(said).toContain('eins')
})

test('one that does not start is there as failed: a policy refuses, the others are passed by', async () => {
  const start = () => {
    throw new Error('my secret prompt')
  }
  const closed = open([defineModule({ name: 'closed', kind: 'policy', start, request: () => block('never asked') })])
  const refused = await ask(closed)
  expect(refused.status).toBe(403)
  expect(await refused.text()).not.toMatch(/never asked|secret/)
  expect(await failures(closed)).toMatchObject({ state: 'failed', health: { ok: false } })
  const passing = open([defineModule({ name: 'open', kind: 'transformer', start, request: () => undefined })])
  expect((await ask(passing)).status).toBe(200)
})

test('a module that never says how it is is not asked again, and takes its calls', async () => {
  let asked = 0
  const health = () => new Promise<boolean>(() => asked++)
  const leash = open([defineModule({ name: 'mute', kind: 'policy', timeout: 5, request: () => undefined, health })])
  for (let times = 0; times < 101; times++) await leash.modules.health()
  expect(asked).toBe(1)
  expect((await leash.modules.list())[0]?.health).toEqual({ ok: false, detail: 'it took longer than 5 ms' })
  expect((await ask(leash)).status).toBe(200)
})

test('a module’s own health is asked for, and may fail too', async () => {
  const well = defineModule({ name: 'well', kind: 'sink', health: () => ({ ok: false, detail: 'the disk is full' }) })
  const ill = defineModule({ name: 'ill', kind: 'sink', timeout: 10, health: () => new Promise<boolean>(() => {}) })
  const leash = open([well, ill])
  expect((await leash.modules.health()).map(({ health }) => health)).toEqual([
    { ok: false, detail: 'the disk is full' },
    { ok: false, detail: 'it took longer than 10 ms' },
  ])
})

test('a module that is asked when the caller has left is told so, and its failure then brings no process down', async () => {
  const reasons: unknown[] = []
  const lost: unknown[] = []
  const hear = (error: unknown) => lost.push(error)
  process.on('unhandledRejection', hear)
  onTestFinished(() => void process.off('unhandledRejection', hear))
  const late = defineModule({
    name: 'late',
    kind: 'policy',
    request: async (_, { signal }) => {
      await Promise.resolve()
      reasons.push(signal.reason?.code)
      throw new Error('down')
    },
  })
  const leash = open([late])
  await expect(ask(leash, false, AbortSignal.abort())).rejects.toThrow()
  await setImmediate()
  expect(reasons).toEqual(['aborted'])
  expect(lost).toEqual([])
  expect(await failures(leash)).toMatchObject({ metrics: { errors: 0 } })
})
