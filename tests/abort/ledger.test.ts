/** The first call of a leash is left while that which counts is still being loaded. */
import { expect, test } from 'vitest'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'
import { soon } from './moments.js'

const mock = useMock()

test.each(asks)('the very first call, left at once, has its line all the same: $protocol', async ({ request }) => {
  const lines: LedgerLine[] = []
  const caller = new AbortController()
  const leash = createLeash({
    providers: mockProviders(mock.url),
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: (url, init) => {
      const answer = fetch(url, init)
      caller.abort()
      return answer
    },
  })
  await expect(send(leash, 'fetch', mock.url, request('one', false), caller.signal)).rejects.toThrow('abort')
  await soon(() => lines.length > 0)
  expect(lines).toMatchObject([{ attempt: 1, outcome: 'cancelled', basis: 'estimated' }])
  expect(leash.usage()).toMatchObject([{ calls: 1 }])
})
