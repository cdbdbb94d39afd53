/** Layers hang what they know of a call on its report, which callers keep. */
import { expect, test } from 'vitest'
import { LeashLLM, type LeashOptions } from '../../src/index.js'
import { defineModule } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { collected } from '../helpers/collect.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

const inspector = defineModule({ name: 'looker', version: '1.0.0', kind: 'inspector', request: () => undefined })
const sink = defineModule({ name: 'listener', version: '1.0.0', kind: 'sink', response: () => undefined })

test.each<[string, Pick<LeashOptions, 'budgets' | 'modules'>]>([
  ['budget', { budgets: [{ limit: { usd: 1 }, per: 'day' }] }],
  ['module', { modules: [inspector] }],
  ['sink', { modules: [sink] }],
])('a report of a call with a %s holds nothing of its request once it is over', async (_, options) => {
  const client = new LeashLLM({ providers: mockProviders(mock.url), ...options })
  const ask = async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const { leash } = await client.chat.completions.create({ model: 'claude-haiku-4-5', messages })
    return { report: leash, messages: new WeakRef(messages) }
  }
  const { report, messages } = await ask()
  await collected(messages)
  expect(report?.attempts).toHaveLength(1)
})
