/** Where the vendor told no usage, or not all of it: how near the estimate comes to what was sent. */
import { describe, expect, test } from 'vitest'
import { outputTotal } from '../../src/core/usage.js'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

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
