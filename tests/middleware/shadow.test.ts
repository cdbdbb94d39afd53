import { describe, expect, test, vi } from 'vitest'
import { createLeash, type Leash, type LeashOptions, type LedgerLine, type Report, type ShadowOptions } from '../../src/leash.js'
import { block, defineModule, transform } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

interface Opened {
  readonly leash: Leash
  readonly reports: Report[]
  readonly lines: LedgerLine[]
  call(more?: object): Promise<number>
}

/** A leash whose reports and lines are kept. */
function open(shadow: ShadowOptions, options: LeashOptions = {}): Opened {
  const lines: LedgerLine[] = []
  const sink = (some: readonly LedgerLine[]) => void lines.push(...some)
  const leash = createLeash({ providers: mockProviders(mock.url), ledger: { sink }, shadow, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const call = async (more: object = {}) => {
    const body = JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }], ...more })
    const response = await leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
    await response.text()
    return response.status
  }
  return { leash, reports, lines, call }
}

const codes = ({ reports }: Opened) => reports.map(({ shadow = [] }) => shadow.map(({ code }) => code))

describe('a shadow', () => {
  test('refuses nothing, and says in the report, the ledger and an event what it would have refused', async () => {
    const opened = open({ access: { models: { deny: ['gpt-*'] } } })
    const policy = vi.fn()
    opened.leash.on('policy', policy)
    expect([await opened.call(), await opened.call({ model: 'claude-haiku-4-5' })]).toEqual([200, 200])
    await opened.leash.close()
    expect(codes(opened)).toEqual([['model_not_allowed'], []])
    expect(opened.reports[0]?.shadow?.[0]?.message).toContain('gpt-4o-mini')
    expect(opened.lines.map(({ shadow }) => shadow)).toEqual([['model_not_allowed'], undefined])
    expect(policy).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ guard: 'shadow', action: 'flag', found: { model_not_allowed: 1 } }),
    )
  })

  test('says nothing of the budget that a call has of its own: that one is in force', async () => {
    const { leash, reports } = open({ budgets: [{ limit: { usd: 1 }, per: 'day' }] })
    const body = JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] })
    const request = new Request('http://leash.test/v1/chat/completions', { method: 'POST', body })
    expect((await leash.handle(request, { leash: { budgetUsd: 1e-9 } })).status).toBe(402)
    await leash.close()
    expect(reports.map(({ shadow }) => shadow)).toEqual([undefined])
  })

  test('counts what is let in, and nothing of what it would have refused', async () => {
    const opened = open({ budgets: [{ limit: { requests: 2 }, per: 'day' }] })
    for (let calls = 0; calls < 4; calls++) expect(await opened.call()).toBe(200)
    await opened.leash.close()
    expect(codes(opened)).toEqual([[], [], ['budget_exceeded'], ['budget_exceeded']])
  })

  test.each([false, true])('settles budgets by what calls have cost in truth (stream: %s)', async (stream) => {
    const budgets = [{ limit: { usd: 0.0001 }, per: 'total' }] as const
    const held = open({}, { budgets })
    let passed = 0
    while ((await held.call({ stream })) === 200) passed++
    await held.leash.close()
    const tried = open({ budgets })
    for (let calls = 0; calls <= passed; calls++) expect(await tried.call({ stream })).toBe(200)
    await tried.leash.close()
    expect(passed).toBeGreaterThan(1)
    expect(codes(tried)).toEqual([...Array.from({ length: passed }, () => []), ['budget_exceeded']])
  })

  test('gives back what calls that fail have taken', async () => {
    const opened = open({ budgets: [{ limit: { tokens: 900 }, per: 'day' }] }, { retry: false })
    mock.script({ status: 503 })
    const asked = [500, 500, 890].map((max_tokens) => async () => opened.call({ max_tokens }))
    const seen: number[] = []
    for (const ask of asked) seen.push(await ask())
    expect(seen).toEqual([503, 200, 200])
    await opened.leash.close()
    expect(codes(opened)).toEqual([[], [], ['budget_exceeded']])
  })

  test('tells of rate limits, and waits for none', async () => {
    const opened = open({ rateLimit: [{ limit: { requests: 1 }, per: 'day', waitMs: 60_000 }] })
    expect([await opened.call(), await opened.call()]).toEqual([200, 200])
    await opened.leash.close()
    expect(codes(opened)).toEqual([[], ['rate_limited']])
  })

  test('tells of calls that would have waited for a place', async () => {
    const opened = open({ concurrency: { total: 1 } })
    expect(await Promise.all([opened.call(), opened.call(), opened.call()])).toEqual([200, 200, 200])
    expect(await opened.call()).toBe(200)
    await opened.leash.close()
    expect(codes(opened).flat()).toHaveLength(2)
    expect(codes(opened).at(-1)).toEqual([])
  })

  test('counts apart from what holds, and comes before it', async () => {
    const limit: ShadowOptions = {
      budgets: [{ limit: { requests: 1 }, per: 'day' }],
      rateLimit: [{ limit: { requests: 1 }, per: 'day' }],
    }
    const opened = open(limit, {
      budgets: [{ limit: { requests: 2 }, per: 'day' }],
      rateLimit: [{ limit: { requests: 2 }, per: 'day' }],
    })
    expect([await opened.call(), await opened.call(), await opened.call()]).toEqual([200, 200, 429])
    await opened.leash.close()
    expect(codes(opened)).toEqual([[], ['rate_limited', 'budget_exceeded'], ['rate_limited']])
  })

  test('follows a call to where a fallback leads it', async () => {
    const opened = open({ access: { models: { deny: ['claude-*'] } } }, { retry: false, fallback: ['claude-haiku-4-5'] })
    mock.script({ status: 503 })
    expect(await opened.call()).toBe(200)
    await opened.leash.close()
    expect(codes(opened)).toEqual([['model_not_allowed']])
    expect(opened.lines.map(({ shadow }) => shadow)).toEqual([undefined, ['model_not_allowed']])
  })

  test('leaves the bytes of calls as they are', async () => {
    const plain = open({})
    await plain.call({ max_tokens: undefined })
    const tried = open({ budgets: [{ limit: { tokens: 100 }, per: 'day', action: 'cap' }] })
    await tried.call({ max_tokens: undefined })
    const [one, other] = mock.requests
    expect(other?.text).toBe(one?.text)
    await Promise.all([plain.leash.close(), tried.leash.close()])
  })

  test('asks modules of requests, changes nothing by them, and tells no sink', async () => {
    const told = vi.fn()
    const modules = [
      defineModule({
        name: 'no-hi',
        kind: 'policy',
        request: ({ texts }) => (texts.some(({ text }) => text === 'Hi') ? block('Be polite.') : undefined),
      }),
      defineModule({ name: 'other', kind: 'transformer', request: () => transform((text) => text.replaceAll('Ho', 'He')) }),
      defineModule({ name: 'no-answer', kind: 'policy', response: () => block('Never.') }),
      defineModule({ name: 'told', kind: 'sink', response: told }),
    ]
    const opened = open({ modules })
    const ho = { messages: [{ role: 'user', content: 'Ho' }] }
    expect([await opened.call(), await opened.call({ stream: true }), await opened.call(ho)]).toEqual([200, 200, 200])
    await opened.leash.close()
    expect(codes(opened)).toEqual([['policy_blocked'], ['policy_blocked'], []])
    expect(mock.requests.at(-1)?.text).toContain('Ho')
    expect(told).not.toHaveBeenCalled()
  })

  test('that is none is refused', () => {
    expect(() => open({ retry: false } as never)).toThrow('shadow.retry')
  })
})
