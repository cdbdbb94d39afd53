import { afterEach, expect, it, vi } from 'vitest'
import type { Ask } from '../../src/control/connection.js'
import { Lender } from '../../src/control/lender.js'
import type { Answer } from '../../src/control/quiet-get.js'
import { LeashError } from '../../src/core/errors.js'

afterEach(() => void vi.useRealTimers())

const lease = { id: 'a', amount: 5, ttlMs: 1000, taken: 5, limit: 10 }
const answer = (status: number, body?: object): Answer => ({ status, headers: new Headers(), text: JSON.stringify(body ?? {}) })

/** A relay that answers as it is told to, and what it was asked. */
function relayed(post: (path: string) => Answer) {
  const asked: { readonly path: string; readonly body: unknown; readonly ask: Ask | undefined }[] = []
  return {
    asked,
    connection: {
      async post(path: string, body: unknown, ask?: Ask) {
        asked.push({ path, body, ask })
        return post(path)
      },
    },
  }
}

it('takes a lease to end no later than the relay does, which counts from later', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 5000 })
  const { connection } = relayed(() => {
    vi.setSystemTime(5400)
    return answer(200, lease)
  })
  expect(await new Lender(connection).lend('team', 1, 5)).toMatchObject({ kind: 'lent', until: 6000 })
})

it('waits longer where a call fails without an answer', async () => {
  const { connection, asked } = relayed(() => answer(200, lease))
  for (const whenAway of ['open', 'closed'] as const) await new Lender(connection, () => whenAway).lend('team', 1, 5)
  const [open, closed] = asked.map(({ ask }) => ask?.timeoutMs ?? 0)
  expect(closed).toBeGreaterThan(open ?? 0)
})

it('gives back once what it may have been lent unseen', async () => {
  const { connection, asked } = relayed((path) => {
    if (path.endsWith('/settle')) return answer(204)
    throw new LeashError('timeout', 'late', { retryable: true })
  })
  const lender = new Lender(connection)
  expect(await lender.lend('team', 1, 5)).toMatchObject({ kind: 'away' })
  expect(lender.lost).toBe(1)
  await lender.settle([])
  await lender.settle([])
  expect(asked.map(({ path }) => path)).toEqual(['/v1/control/leases', '/v1/control/leases/settle'])
  expect(asked[1]?.body).toEqual({ leases: [{ id: expect.stringMatching(/^[\w-]{22}$/), spent: 0 }] })
})

it('takes for told only what the relay has taken, where there is too much for one request', async () => {
  const { connection, asked } = relayed(() => {
    if (asked.length > 1) throw new LeashError('network_error', 'gone', { retryable: true })
    return answer(204)
  })
  const all = Array.from({ length: 600 }, (_, at) => ({ claim: { id: `lease ${at}`, spent: at } }))
  expect(await new Lender(connection).settle(all)).toEqual(all.slice(0, 500))
})
