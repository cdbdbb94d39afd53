import { expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { mockProviders } from '../../../src/testing/index.js'
import { collected } from '../../helpers/collect.js'
import { useMock } from '../../helpers/mock.js'

const mock = useMock()

test('a report that is kept holds nothing of its request', async () => {
  const client = new LeashLLM({
    providers: mockProviders(mock.url),
    budgets: [{ limit: { usd: 1 }, per: 'day' }],
  })
  const ask = async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const { leash } = await client.chat.completions.create({ model: 'claude-haiku-4-5', messages })
    return { report: leash, messages: new WeakRef(messages) }
  }
  const { report, messages } = await ask()
  await collected(messages)
  expect(report?.attempts).toHaveLength(1)
})
