import { expect, it } from 'vitest'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { openStore } from '../store/open.js'

const second = 1000
const hour = 3600 * second
const day = 24 * hour

async function open() {
  const sql = await openStore()
  const clock = { now: Date.parse('2026-11-21T12:00:00Z') }
  const queue = new WebhookQueue({ sql, now: () => clock.now, random: () => 0, receivers: async () => ['hook'] })
  const take = async () => {
    const [due] = await queue.take({ most: 1 })
    if (!due) throw new Error('Nothing is due.')
    return due
  }
  await queue.publish({ type: 'key.created', data: {} })
  return { clock, queue, take }
}

it('begins anew with what was given up, from its first try, and never with what was taken or is still tried', async () => {
  const { clock, queue, take } = await open()
  let due = await take()
  const { id } = due
  await expect(queue.retry(id)).rejects.toMatchObject({ code: 'not_found' })
  while (!(await queue.failed(due, 'It answered 500.', false))) {
    clock.now += 24 * hour
    due = await take()
  }
  expect(due).toMatchObject({ id, attempts: 8 })
  expect((await queue.list({ status: 'dead' })).items).toMatchObject([{ id, endedAt: clock.now }])
  expect(await queue.retry(id)).toMatchObject({ status: 'pending', attempts: 0 })
  const again = await take()
  expect(again.attempts).toBe(1)
  expect(await queue.failed(again, 'It answered 500.', false)).toBe(false)
  await queue.delivered(id, 'It answered 204.')
  await expect(queue.retry(id)).rejects.toMatchObject({ code: 'not_found' })
  clock.now += 24 * hour
  expect(await queue.take({ most: 1 })).toEqual([])
})

it('counts no try of what was postponed, however often', async () => {
  const { clock, queue, take } = await open()
  for (let time = 0; time < 20; time++) {
    const due = await take()
    expect(due.attempts).toBe(1)
    await queue.postponed(due, 'The export for billing is switched off.', 5 * second)
    expect(await queue.take({ most: 1 })).toEqual([])
    clock.now += 5 * second
  }
})

it('waits for as long as a receiver asks, and no longer than an hour', async () => {
  const { clock, queue, take } = await open()
  const nextIn = async (retryAfterMs: number) => {
    await queue.failed(await take(), 'It answered 429.', false, retryAfterMs)
    const wait = ((await queue.list({})).items[0]?.nextAt ?? 0) - clock.now
    clock.now += wait
    return wait
  }
  expect(await nextIn(40 * second)).toBe(40 * second)
  expect(await nextIn(48 * hour)).toBe(hour)
})

it('is listed page by page, the newest first, and from nowhere that no page has named', async () => {
  const { clock, queue } = await open()
  for (let at = 0; at < 2; at++) {
    clock.now += second
    await queue.publish({ type: 'key.created', data: {} })
  }
  const first = await queue.list({ limit: 2 })
  expect(first.items.map(({ createdAt }) => createdAt)).toEqual([clock.now, clock.now - second])
  const rest = await queue.list({ limit: 2, after: first.next ?? '' })
  expect(rest.items.map(({ createdAt }) => createdAt)).toEqual([clock.now - 2 * second])
  expect(rest.next).toBeUndefined()
  for (const after of ['', 'x', '1', '9999999999999999.msg', '1.a b'])
    await expect(queue.list({ after })).rejects.toMatchObject({ code: 'invalid_request', param: 'after' })
})

it('tells once for four hundred days, and keeps no name for longer', async () => {
  const { clock, queue } = await open()
  const told = () => queue.publish({ type: 'cost.anomaly', once: 'red 2026-11-21T12', data: {} })
  expect([await told(), await told()]).toEqual([1, 0])
  clock.now += 400 * day
  await queue.prune(0)
  expect(await told()).toBe(0)
  clock.now++
  await queue.prune(0)
  expect(await told()).toBe(1)
})

it('keeps three hundred characters of what came of a try', async () => {
  const { queue, take } = await open()
  const last = async () => (await queue.list({})).items[0]?.last
  const due = await take()
  await queue.failed(due, 'a'.repeat(1000), false)
  expect(await last()).toBe('a'.repeat(300))
  await queue.delivered(due.id, 'b'.repeat(1000))
  expect(await last()).toBe('b'.repeat(300))
})

it('leaves what has ended as it is, whatever a relay that took too long says of it', async () => {
  const { clock, queue, take } = await open()
  const due = await take()
  await queue.delivered(due.id, 'It answered 204.')
  const [ended] = (await queue.list({})).items
  clock.now += second
  await queue.failed(due, 'It answered 500.', false)
  await queue.failed(due, 'It answered 410.', true)
  await queue.postponed(due, 'Nobody was asked.', second)
  expect((await queue.list({})).items).toEqual([ended])
})

it('keeps what is begun anew, which has not ended', async () => {
  const { clock, queue, take } = await open()
  const due = await take()
  await queue.failed(due, 'It answered 410.', true)
  const again = await queue.retry(due.id)
  expect(again).not.toHaveProperty('endedAt')
  clock.now += day
  await queue.prune(clock.now)
  expect((await queue.list({})).items).toMatchObject([{ id: due.id, status: 'pending' }])
})

it('takes first what has been due for longest', async () => {
  const { clock, queue, take } = await open()
  const first = await take()
  await queue.failed(first, 'It answered 429.', false, 40 * second)
  await queue.publish({ type: 'key.revoked', data: {} })
  await queue.failed(await take(), 'It answered 500.', false)
  clock.now += hour
  expect((await take()).type).toBe('key.revoked')
  expect((await take()).id).toBe(first.id)
})
