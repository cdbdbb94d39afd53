import { expect, it, onTestFinished, vi } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { Courier, type Sender } from '../../../src/relay/webhooks/courier.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import { until } from '../../helpers/mock.js'
import { openStore } from '../store/open.js'

const minute = 60_000

async function open(usual: Sender) {
  const sql = await openStore()
  const clock = { now: Date.parse('2026-11-21T12:00:00Z') }
  const queue = new WebhookQueue({ sql, now: () => clock.now, random: () => 0, receivers: async () => ['hook'] })
  const warnings: string[] = []
  const make = () => {
    const courier = new Courier({ queue, usual, senders: {}, warn: (message) => warnings.push(message) })
    onTestFinished(() => courier.close())
    return courier
  }
  const now = async () => (await queue.list({})).items[0]
  return { queue, clock, warnings, make, now }
}

it('leaves what is under way when the relay stops to whoever comes next, and takes none of it for refused', async () => {
  let asked = 0
  const { queue, clock, make, now } = await open((_, signal) => {
    if (++asked > 1) return Promise.resolve({ ok: true, last: 'It answered 204.' })
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
  })
  await queue.publish({ type: 'key.created', data: {} })
  const first = make()
  first.start()
  await until(() => asked === 1)
  await first.close()
  expect(await now()).toMatchObject({ status: 'pending', last: '' })
  const next = make()
  next.start()
  await next.idle()
  expect(asked).toBe(1)
  clock.now += minute
  next.wake()
  await next.idle()
  expect(await now()).toMatchObject({ status: 'delivered', attempts: 2 })
})

it('says that the database is away, and goes on when it is back', async () => {
  const { queue, warnings, make, now } = await open(async () => ({ ok: true, last: 'It answered 204.' }))
  await queue.publish({ type: 'key.created', data: {} })
  const courier = make()
  vi.spyOn(queue, 'take').mockRejectedValueOnce(new Error('no database'))
  courier.start()
  await courier.idle()
  expect(warnings).toEqual(['Webhooks cannot be sent: no database'])
  courier.wake()
  await courier.idle()
  expect(await now()).toMatchObject({ status: 'delivered', attempts: 1 })
})

it('looks at once for what has come while the database was away', async () => {
  const { queue, make, now } = await open(async () => ({ ok: true, last: 'It answered 204.' }))
  await queue.publish({ type: 'key.created', data: {} })
  const courier = make()
  vi.spyOn(queue, 'take').mockImplementationOnce(async () => {
    await undefined
    courier.wake()
    throw new Error('no database')
  })
  courier.start()
  await courier.idle()
  expect(await now()).toMatchObject({ status: 'delivered', attempts: 1 })
})

it('brings a delivery again that could not be written down as brought, under the same name', async () => {
  const names: string[] = []
  const { queue, clock, warnings, make, now } = await open(async ({ id }) => {
    names.push(id)
    return { ok: true, last: 'It answered 204.' }
  })
  await queue.publish({ type: 'key.created', data: {} })
  vi.spyOn(queue, 'delivered').mockRejectedValueOnce(new Error('no database'))
  const courier = make()
  courier.start()
  await courier.idle()
  expect(warnings).toEqual(['Webhooks cannot be sent: no database'])
  clock.now += minute
  courier.wake()
  await courier.idle()
  expect(names).toEqual([names[0], names[0]])
  expect(await now()).toMatchObject({ status: 'delivered' })
})

it('tries no address again that may not be asked, and any other failure later', async () => {
  const errors = [new Error('a secret'), new LeashError('invalid_request', 'Nobody may ask that.')]
  const { queue, clock, warnings, make, now } = await open(() => Promise.reject(errors.shift()))
  await queue.publish({ type: 'key.created', data: {} })
  const courier = make()
  courier.start()
  await courier.idle()
  expect(await now()).toMatchObject({ status: 'pending', last: 'It could not be sent.', attempts: 1 })
  clock.now += minute
  courier.wake()
  await courier.idle()
  const given = { status: 'dead', last: 'Nobody may ask that.', attempts: 2 }
  expect(await now()).toMatchObject(given)
  expect(warnings).toEqual([
    expect.stringContaining('(key.created) was not taken by hook, and is given up: Nobody may ask that.'),
  ])
})

it('gives up what was begun eight times by relays that ended before it did', async () => {
  let asked = 0
  const { queue, clock, warnings, make, now } = await open(async () => ({ ok: true, last: `It answered ${++asked}.` }))
  await queue.publish({ type: 'key.created', data: {} })
  for (let attempt = 1; attempt <= 8; attempt++) {
    expect(await queue.take({ most: 1 })).toMatchObject([{ attempts: attempt }])
    clock.now += minute
  }
  const courier = make()
  courier.start()
  await courier.idle()
  expect(asked).toBe(0)
  expect(await now()).toMatchObject({ status: 'dead', last: 'The relay ended amid its last attempt.' })
  expect(warnings).toEqual([expect.stringContaining('is given up: The relay ended amid its last attempt.')])
})
