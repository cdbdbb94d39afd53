/** Where the vendor told no usage, or not all of it: how near the estimate comes to what was sent. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { outputTotal } from '../../src/core/usage.js'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { type Ask, asks, send } from '../middleware/asks.js'

const mock = useMock()

/** The mock says it back. */
const text = Array.from({ length: 120 }, (_, word) => `word${word}`).join(' ')

describe.each(asks)('a stream in $protocol', (ask) => {
  async function lineOf(cut?: number): Promise<LedgerLine> {
    const lines: LedgerLine[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      retry: false,
      ledger: { sink: (more) => void lines.push(...more) },
    })
    if (cut !== undefined) mock.script({ cutAfter: { events: cut } })
    const answer = await send(leash, 'fetch', mock.url, ask.request(text, true))
    await answer.arrayBuffer().catch(() => {})
    await until(() => lines.length === 1)
    await leash.close()
    return lines[0] ?? expect.fail()
  }

  // The mock puts a word and a half into an event, about two tokens.
  test('that is cut is charged for what came of it, and not for what its events have beside', async () => {
    const whole = await lineOf()
    expect(whole.basis).toBe('complete')
    const most = outputTotal(whole.usage)
    for (const events of [12, 25, 40]) {
      const line = await lineOf(events)
      expect(line).toMatchObject({ basis: 'estimated', outcome: 'error' })
      const written = outputTotal(line.usage)
      expect(written).toBeGreaterThan(Math.min(0.9 * events, 0.9 * most))
      expect(written).toBeLessThanOrEqual(Math.min(2.1 * events, most))
    }
  })
})

/** @param change of the vendor's answer on its way */
async function lineOf(request: ReturnType<Ask['request']>, change = (answer: JsonObject) => answer): Promise<LedgerLine> {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: mockProviders(mock.url),
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async (url, init) => Response.json(change(await (await fetch(url, init)).json())),
  })
  await (await send(leash, 'fetch', mock.url, request)).arrayBuffer()
  await leash.close()
  return lines[0] ?? expect.fail()
}

describe.each(asks)('a whole answer in $protocol', (ask) => {
  test('whose vendor tells no usage is charged for its text', async () => {
    const { usage } = await lineOf(ask.request(text, false))
    const line = await lineOf(ask.request(text, false), ({ usage: _, usageMetadata: __, ...rest }) => rest)
    expect(line).toMatchObject({ basis: 'estimated', outcome: 'ok' })
    expect(line.usage.output).toBeGreaterThan(0.7 * usage.output)
    expect(line.usage.output).toBeLessThanOrEqual(usage.output)
  })
})

test('a response that is not made yet is charged for its request alone, and not for the echo of it', async () => {
  const body = { model: 'gpt-5', input: 'Hello', instructions: text }
  const line = await lineOf({ path: '/v1/responses', body }, (answer) => ({
    ...answer,
    status: 'queued',
    output: [],
    usage: null,
    instructions: text,
  }))
  expect(line).toMatchObject({ basis: 'estimated', usage: { output: 0 } })
})
