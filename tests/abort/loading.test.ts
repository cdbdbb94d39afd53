/** The first call loads prices while its vendor works on the answer, and its caller leaves when that is there and they are not. */
import { expect, test, vi } from 'vitest'
import { createLeash, type Report } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'

const mock = useMock()

vi.mock('../../src/catalog/prices/open.js', () => ({ openPrices: () => new Promise(() => {}) }))

test.each(doors)('a caller who leaves while prices are loaded is let go, by %s', async (door) => {
  let answered = false
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: false,
    async fetch(url, init) {
      const response = await fetch(url, init)
      answered = true
      return response
    },
  })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const caller = new AbortController()
  const [chat] = asks
  const answer = send(leash, door, mock.url, chat?.request('Hi', false) ?? expect.fail(), caller.signal)
  await until(() => answered)
  const reason = new Error('enough')
  caller.abort(reason)
  expect(
    await answer.then(
      ({ status }) => status,
      (error: unknown) => error,
    ),
  ).toBe(door === 'fetch' ? reason : 499)
  expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'cancelled' }] }])
})
