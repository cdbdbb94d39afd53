import { expect, it } from 'vitest'
import { LeasedBudgets } from '../../../src/control/leased-budgets.js'
import { Leases } from '../../../src/relay/quota/leases.js'
import { ownLender } from '../../../src/relay/quota/own-lender.js'
import { openStore } from '../store/open.js'

it('holds no call to a budget that the policy has dropped meanwhile', async () => {
  const leases = new Leases({ sql: await openStore() })
  const connection = ownLender(leases, 'red', async () => [])
  const budgets = new LeasedBudgets({ connection, whenAway: () => 'closed', warn: expect.fail })
  const scope = { key: '["dropped","tokens","red"] total', limit: 10 }
  expect(await budgets.reserve('calls', [scope], 5, { ttlMs: 1000 })).toMatchObject({ ok: true })
  await budgets.close()
})
