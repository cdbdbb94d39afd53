import { expect, test, vi } from 'vitest'
import type { Attempt } from '../../../src/core/call.js'
import { usageOf } from '../../../src/core/usage.js'
import { used } from '../../../src/middleware/rate-limit/amounts.js'
import { rateLimit } from '../../../src/middleware/rate-limit.js'
import { memory } from '../../../src/stores/memory.js'
import { aCall, anAnswer } from '../../helpers/call.js'

const attempt: Attempt = { provider: 'test', model: 'gpt-test', protocol: 'openai-responses', startedAt: 0, outcome: 'ok' }
const told = { ...attempt, usage: usageOf({ input: 10, output: 20 }), cost: 300 }
const estimated = { requests: 1, tokens: 100, usd: 1000 }

test('where a vendor may have worked and told nothing, what was estimated stands, in tokens and in money', () => {
  expect(used([told], estimated, undefined)).toEqual({ requests: 1, tokens: 30, usd: 300 })
  expect(used([told, { ...attempt, outcome: 'cancelled' }], estimated, undefined)).toEqual(estimated)
})

test('a response that may be made later is counted by its usage, where the vendor has told that already', async () => {
  const store = memory()
  const adjust = vi.spyOn(store, 'adjust')
  const layer = rateLimit([{ limit: { tokens: 10_000 }, per: 'hour' }], { store })
  const body = { input: 'Hi', background: true, max_output_tokens: 1000 }
  const ask = (record: Attempt) =>
    layer(async ({ report }) => {
      report.attempts.push(record)
      return { ...anAnswer, attempt: record }
    })(aCall({ protocol: 'openai-responses', body, report: { ...aCall().report, attempts: [] } }))
  await ask({ ...told, estimated: true })
  expect(adjust).not.toHaveBeenCalled()
  await ask(told)
  expect(adjust).toHaveBeenCalledOnce()
})
