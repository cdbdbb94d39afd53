/** What the ledger says of calls that went well, failed, were cut, left, and tried again. */
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { noUsage, usageOf } from '../../src/core/usage.js'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { Bookkeeper } from '../../src/ledger/accounts.js'
import { Ledger } from '../../src/ledger/ledger.js'
import { charactersPerToken } from '../../src/protocols/said.js'
import { mockProviders, startMock } from '../../src/testing/index.js'
import { aCall } from '../helpers/call.js'
import { until, useMock } from '../helpers/mock.js'
import { prompt } from '../transport/lanes.js'

const mock = useMock()

/** A dollar for a million tokens in, ten for a million out. */
const prices = {
  'openai/gpt-4o-mini': { input: 1, output: 10 },
  'anthropic/claude-haiku-4-5': { input: 1, output: 10 },
}

function counted(options: Parameters<typeof createLeash>[0] = {}) {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: { backoff: () => 0 },
    prices,
    ledger: { sink: (more) => void lines.push(...more) },
    ...options,
  })
  return {
    leash,
    lines,
    ask: (model: string, stream = false, signal?: AbortSignal) =>
      leash.fetch(`${mock.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer caller' },
        body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: prompt }] }),
        ...(signal && { signal }),
      }),
  }
}

describe.each(['gpt-4o-mini', 'claude-haiku-4-5'])('the ledger of %s', (model) => {
  test('has one line for an answer, priced by what the vendor counted', async () => {
    const { leash, lines, ask } = counted()
    await (await ask(model)).json()
    await leash.close()
    const [line] = lines
    expect(lines).toHaveLength(1)
    expect(line).toMatchObject({ attempt: 1, outcome: 'ok', basis: 'complete', model, status: 200 })
    expect(line?.cost).toBe((line?.usage.input ?? 0) * 1000 + (line?.usage.output ?? 0) * 10_000)
    expect(line?.cost).toBeGreaterThan(0)
  })

  test('has the same cost for a stream as for a whole answer', async () => {
    const { leash, lines, ask } = counted()
    await (await ask(model)).json()
    await (await ask(model, true)).text()
    await leash.close()
    expect(lines[1]).toMatchObject({ basis: 'complete', outcome: 'ok', cost: lines[0]?.cost, usage: lines[0]?.usage })
  })

  test('has a line for every attempt, and a refusal costs nothing', async () => {
    mock.script({ status: 500 }, { status: 429 })
    const { leash, lines, ask } = counted()
    await (await ask(model)).json()
    await leash.close()
    expect(lines.map(({ attempt, outcome, cost }) => [attempt, outcome, cost === 0])).toEqual([
      [1, 'error', true],
      [2, 'error', true],
      [3, 'ok', false],
    ])
    expect(new Set(lines.map(({ id }) => id)).size).toBe(3)
    expect(new Set(lines.map(({ callId }) => callId)).size).toBe(1)
  })

  test('estimates a stream that its caller left', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { leash, lines, ask } = counted()
    const left = new AbortController()
    const reader = (await ask(model, true, left.signal)).body?.getReader()
    await reader?.read()
    left.abort()
    await until(() => lines.length === 1)
    await leash.close()
    expect(lines).toMatchObject([{ outcome: 'cancelled', basis: 'estimated' }])
    expect(lines[0]?.cost).toBeGreaterThan(0)
  })
})

test('an attempt that made no connection costs nothing', async () => {
  const gone = await startMock()
  await gone.close()
  const { groq } = mockProviders(gone.url)
  const { leash, lines, ask } = counted({
    providers: { ...mockProviders(mock.url), groq },
    fallback: ['claude-haiku-4-5'],
  })
  await (await ask('groq/llama-3.3-70b')).json()
  await leash.close()
  expect(lines).toMatchObject([
    { provider: 'groq', error: 'network_error', basis: 'complete', cost: 0, usage: noUsage },
    { provider: 'anthropic', outcome: 'ok', basis: 'complete' },
  ])
})

describe('totals', () => {
  test('are sums of the lines, by what is asked for', async () => {
    const { leash, lines, ask } = counted()
    await (await ask('gpt-4o-mini')).json()
    await (await ask('claude-haiku-4-5')).json()
    await (await ask('gpt-4o-mini', true)).text()
    const rows = leash.usage({ by: ['provider', 'model'] })
    expect(rows.map(({ of, calls }) => [of.provider, calls])).toEqual(
      expect.arrayContaining([
        ['openai', 2],
        ['anthropic', 1],
      ]),
    )
    const [all] = leash.usage()
    expect(all?.nano).toBe(lines.reduce((sum, { cost }) => sum + (cost ?? 0), 0))
    expect(all?.nano).toBe(rows.reduce((sum, { nano }) => sum + nano, 0))
    await leash.close()
  })

  test('leave out what has no known price, and say so', async () => {
    const { leash, ask } = counted()
    await (await ask('openai/never-heard-of-it')).json()
    expect(leash.usage()).toMatchObject([{ calls: 1, cost: '0', unpriced: 1 }])
    await leash.close()
  })

  test('need a ledger', () => {
    expect(() => createLeash({ ledger: false }).usage()).toThrow('ledger: false')
  })
})

describe('a file', () => {
  const file = join(tmpdir(), `leash-ledger-${process.pid}.jsonl`)
  afterEach(() => rm(file, { force: true }))

  test('has every line as JSON, complete when the leash is closed', async () => {
    const { leash, ask } = counted({ ledger: { file } })
    await (await ask('gpt-4o-mini')).json()
    await (await ask('gpt-4o-mini')).json()
    await leash.close()
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['ok', 'ok'])
  })

  test('has the next line whole, where a disk was full in the middle of one', async () => {
    let full = true
    const open = new Set<number>()
    vi.doMock('node:fs', async (real) => {
      const fs = await real<typeof import('node:fs')>()
      const openSync = (...asked: Parameters<typeof fs.openSync>) => {
        const file = fs.openSync(...asked)
        open.add(file)
        return file
      }
      const closeSync = (file: number) => {
        fs.closeSync(file)
        open.delete(file)
      }
      const appendFile = (file: number, text: string, done: (error: Error | null) => void) => {
        fs.appendFile(file, full ? text.slice(0, 20) : text, (error) => done(full ? new Error('no space left on device') : error))
      }
      // In a worker, as tests are.
      const appendFileSync = (file: number, text: string) => {
        fs.appendFileSync(file, full ? text.slice(0, 20) : text)
        if (full) throw new Error('no space left on device')
      }
      return { ...fs, appendFile, appendFileSync, openSync, closeSync }
    })
    const { leash, ask } = counted({ ledger: { file } })
    const warnings: string[] = []
    leash.on('warning', ({ message }) => warnings.push(message))
    await (await ask('gpt-4o-mini')).json()
    await until(() => warnings.length === 1)
    full = false
    vi.doUnmock('node:fs')
    await (await ask('gpt-4o-mini')).json()
    await expect.poll(() => readFile(file, 'utf8')).toMatch(/\}\n$/)
    await (await ask('gpt-4o-mini')).json()
    await leash.close()
    const [half, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n')
    expect(half).toHaveLength(20)
    expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['ok', 'ok'])
    expect(open).toEqual(new Set())
  })
})

test('a sink that fails is told of on the console where nobody listens', async () => {
  const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { leash, ask } = counted({ ledger: { sink: () => Promise.reject(new Error('the disk is full')) } })
  await (await ask('gpt-4o-mini')).text()
  await leash.close()
  expect(said.mock.calls).toEqual([[expect.stringContaining('the disk is full')]])
  said.mockRestore()
})

test('a sink that fails costs no call, and is told', async () => {
  const warnings: string[] = []
  const { leash, ask } = counted({
    ledger: {
      sink: () => {
        throw new Error('the disk is full')
      },
    },
  })
  leash.on('warning', ({ message }) => warnings.push(message))
  expect((await ask('gpt-4o-mini')).status).toBe(200)
  await leash.close()
  expect(warnings).toEqual([expect.stringContaining('the disk is full')])
})

describe('a sink that is slow', () => {
  const line = (at: number): LedgerLine => ({
    id: `call/${at}`,
    callId: `call${at}`,
    attempt: 1,
    at,
    durationMs: 1,
    provider: 'p',
    model: 'm',
    protocol: 'openai-chat',
    outcome: 'ok',
    usage: noUsage,
    basis: 'complete',
    cost: 1_000_000,
  })

  /** Takes nothing until it is let go. */
  function slow() {
    const taken: number[] = []
    let go = () => {}
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    const sink = async (lines: readonly LedgerLine[]) => {
      await held
      taken.push(...lines.map(({ at }) => at))
    }
    return { sink, taken, go }
  }

  test('keeps so many lines waiting, loses those that come then, and says which, how many and what they cost', async () => {
    const warnings: string[] = []
    const { sink, taken, go } = slow()
    const ledger = new Ledger([sink], { queue: 100 }, (message) => warnings.push(message))
    for (let at = 0; at < 60; at++) ledger.add(line(at))
    await Promise.resolve()
    for (let at = 60; at < 1000; at++) ledger.add(line(at))
    expect(warnings).toEqual([expect.stringMatching(/100 lines behind: from call\/100 on .*`ledger\.queue`/)])
    go()
    await ledger.flush()
    expect(taken).toEqual(Array.from({ length: 100 }, (_, at) => at))
    expect(warnings.slice(1)).toEqual([expect.stringContaining('lacks 900 lines of together $0.9, the first of them call/100.')])
    expect(ledger.usage()).toMatchObject([{ attempts: 1000, cost: '1' }])
    ledger.add(line(1000))
    await ledger.flush()
    expect([taken.at(-1), warnings.length]).toEqual([1000, 2])
    for (let at = 1001; at < 1102; at++) ledger.add(line(at))
    await ledger.flush()
    expect(warnings[3]).toContain('lacks 1 lines of together $0.001, the first of them call/1101.')
  })

  test('says what was lost once it has caught up, and not while more is waiting', async () => {
    const warnings: string[] = []
    const steps = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
    let batch = 0
    const ledger = new Ledger([() => steps[batch++]?.promise], { queue: 2 }, (message) => warnings.push(message))
    ledger.add(line(0))
    await Promise.resolve()
    for (let at = 1; at < 4; at++) ledger.add(line(at))
    steps[0]?.resolve()
    await new Promise(setImmediate)
    expect([batch, warnings.length]).toEqual([2, 1])
    for (const step of steps) step.resolve()
    await ledger.flush()
    expect(warnings[1]).toContain('lacks 2 lines')
  })

  test('holds up no other', async () => {
    const { sink, go } = slow()
    const taken: LedgerLine[] = []
    const ledger = new Ledger([sink, (lines) => void taken.push(...lines)], { queue: 2 }, () => {})
    for (let at = 0; at < 3; at++) {
      ledger.add(line(at))
      await Promise.resolve()
    }
    await until(() => taken.length === 3)
    go()
    await ledger.flush()
  })
})

test('a price that is wrong fails the call before anything is sent', async () => {
  const { leash, lines, ask } = counted({ prices: { 'openai/gpt-4o-mini': { input: -1, output: 10 } } })
  const refused = await ask('gpt-4o-mini')
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('invalid_config')])
  expect(mock.requests).toHaveLength(0)
  await leash.close()
  expect(lines).toHaveLength(0)
})

test('a model without a price costs null, and somebody is told once', async () => {
  const { leash, lines, ask } = counted()
  const told: string[] = []
  leash.on('warning', ({ message }) => told.push(message))
  for (let call = 0; call < 2; call++) await (await ask('openai/nobody-knows-it')).text()
  await leash.close()
  expect(lines.map(({ cost }) => cost)).toEqual([null, null])
  expect(leash.usage()).toMatchObject([{ cost: '0', unpriced: 2 }])
  expect(told.filter((message) => message.includes('openai/nobody-knows-it'))).toHaveLength(1)
})

describe('a bookkeeper', () => {
  const attempt = { provider: 'test', model: 'm', protocol: 'openai-chat', startedAt: 0, outcome: 'ok' } as const

  function keeping() {
    const warnings: string[] = []
    const lines: LedgerLine[] = []
    const keeper = new Bookkeeper({
      prices: { price: () => null },
      countTokens: () => 1,
      add: (line) => void lines.push(line),
      warn: (message) => void warnings.push(message),
    })
    return { keeper, warnings, lines }
  }

  test('tells of no more than a thousand models: callers make names up', () => {
    const { keeper, warnings } = keeping()
    const { provider } = aCall().target
    for (let at = 0; at < 1010; at++) {
      const usage = usageOf({ input: 1, output: 1 })
      keeper.book(aCall({ target: { provider, model: `made-up-${at}` } }), { ...attempt, usage }, () => 0)
    }
    expect(warnings).toHaveLength(1000)
  })

  test('books no part of a token, and of one that nobody waits for any more that it was left', () => {
    const { keeper, lines } = keeping()
    keeper.book(aCall(), { ...attempt, outcome: 'pending', usage: usageOf({ input: 10.2, output: 0.5 }) }, () => 0)
    expect(lines).toMatchObject([{ usage: { input: 11, output: 1 }, outcome: 'cancelled' }])
  })

  test('counts what was thought in a stream that was left as part of what came', () => {
    const { keeper, lines } = keeping()
    const usage = usageOf({ input: 10, output: 5, reasoning: 50 })
    keeper.book(aCall(), { ...attempt, outcome: 'cancelled', usage }, () => 40 * charactersPerToken)
    expect(lines).toMatchObject([{ usage: { output: 5, reasoning: 50 }, basis: 'estimated' }])
  })
})

test('costs are counted where nobody asked for a ledger', async () => {
  const kept = createLeash({ providers: mockProviders(mock.url) })
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }] })
  await (await kept.fetch(`${mock.url}/v1/chat/completions`, { method: 'POST', body })).text()
  expect(kept.usage()).toMatchObject([{ calls: 1, unpriced: 0 }])
  await kept.close()
})
