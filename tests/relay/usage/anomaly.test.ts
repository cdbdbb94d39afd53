import { describe, expect, it } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { type AnomalyOptions, AnomalyWatch, limitOf } from '../../../src/relay/usage/anomaly.js'
import { UsageLog } from '../../../src/relay/usage/usage.js'
import type { Notice } from '../../../src/relay/webhooks/events.js'
import { openStore } from '../store/open.js'

const hour = 3_600_000
const dollar = 1_000_000_000
const now = Date.parse('2026-11-21T12:30:00Z')
let count = 0

async function open(options: AnomalyOptions | false = {}) {
  const sql = await openStore()
  const clock = { now }
  const usage = new UsageLog({ sql, now: () => clock.now })
  const notices: Notice[] = []
  // A name is published once, as the queue of webhooks has it.
  const publish = async (notice: Notice) => void (notices.some(({ once }) => once === notice.once) || notices.push(notice))
  const watch = new AnomalyWatch({ usage, publish, now: () => clock.now, options: () => options })
  /** @param hoursAgo from the hour of the clock */
  const spend = (hoursAgo: number, usd: number, tenant = 'red', model = 'gpt-5') =>
    usage.take({
      lines: [
        {
          ...{ id: `line ${count++}`, callId: 'c', attempt: 1, at: clock.now - hoursAgo * hour, durationMs: 1, tenant, model },
          ...{
            provider: 'openai',
            protocol: 'openai-chat',
            outcome: 'ok',
            usage: noUsage,
            basis: 'complete',
            cost: usd * dollar,
          },
        },
      ],
    })
  return { clock, notices, watch, spend }
}

describe('the limit', () => {
  it.each([
    // Even spending has a spread of a tenth.
    [[10, 10, 10, 10], 6, 10, 20],
    [[10, 10, 10, 10], 20, 10, 30],
    // Median 10, distances 0 2 2 8 90, of which the median is 2.
    [[2, 8, 10, 12, 100], 6, 10, 28],
    [[1, 3], 6, 2, 11],
  ])('of %j with %d deviations is %d and %d', (before, deviations, usual, limit) => {
    expect(limitOf(before, deviations)).toEqual({ usual, limit })
  })

  it('is not moved by one hour that was odd', () => {
    const even = Array.from({ length: 20 }, () => dollar)
    expect(limitOf([...even, 1000 * dollar], 6)).toEqual(limitOf(even, 6))
  })
})

it('takes twelve hours for enough, a dollar for something, and hours that cost nothing for none', async () => {
  const { notices, watch, spend } = await open()
  for (let ago = 1; ago <= 12; ago++) await spend(ago, 0.1)
  for (let ago = 13; ago <= 40; ago++) await spend(ago, 0)
  await spend(0, 1)
  await watch.look()
  expect(notices).toMatchObject([{ data: { tenant: 'red', spent: '1', usual: '0.1', limit: '0.2' } }])
})

it('tells of a tenant that spends far more than in the hours of its week, and by what', async () => {
  const { notices, watch, spend } = await open()
  for (let ago = 1; ago <= 20; ago++) await spend(ago, 2)
  await spend(0, 4)
  await watch.look()
  expect(notices).toEqual([])
  await spend(0, 6.5, 'red', 'gpt-5-pro')
  await watch.look()
  expect(notices).toEqual([
    {
      type: 'cost.anomaly',
      tenant: 'red',
      once: 'anomaly red 2026-11-21T12',
      data: {
        ...{ tenant: 'red', hour: '2026-11-21T12', spent: '10.5', usual: '2', limit: '4' },
        models: [
          { provider: 'openai', model: 'gpt-5-pro', cost: '6.5' },
          { provider: 'openai', model: 'gpt-5', cost: '4' },
        ],
      },
    },
  ])
})

it('names what it tells of by the hour, and is silent while it goes on', async () => {
  const { clock, notices, watch, spend } = await open()
  const told = () => notices.map(({ once }) => once)
  for (let ago = 1; ago <= 20; ago++) await spend(ago, 2)
  await spend(0, 50)
  await watch.look()
  await watch.look()
  expect(told()).toEqual(['anomaly red 2026-11-21T12'])
  clock.now += hour
  await spend(0, 50)
  await watch.look()
  expect(told()).toEqual(['anomaly red 2026-11-21T12'])
  clock.now += 2 * hour
  await spend(0, 50)
  await watch.look()
  expect(told()).toEqual(['anomaly red 2026-11-21T12', 'anomaly red 2026-11-21T15'])
})

it('tells of what was spent after the last look of an hour, though the next is no better', async () => {
  const { clock, notices, watch, spend } = await open()
  for (let ago = 1; ago <= 20; ago++) await spend(ago, 2)
  await watch.look()
  await spend(0, 50)
  for (let later = 1; later <= 5; later++) {
    clock.now += hour
    await spend(0, 60, 'red', 'gpt-5-pro')
    await watch.look()
  }
  const models = [{ provider: 'openai', model: 'gpt-5', cost: '50' }]
  expect(notices).toMatchObject([{ once: 'anomaly red 2026-11-21T12', data: { hour: '2026-11-21T12', spent: '50', models } }])
})

it('names the models of the tenant alone', async () => {
  const { notices, watch, spend } = await open()
  for (let ago = 1; ago <= 20; ago++) await spend(ago, 2)
  await spend(0, 50)
  await spend(0, 70, 'blue', 'gpt-5-pro')
  await watch.look()
  expect(notices).toMatchObject([{ data: { tenant: 'red', models: [{ model: 'gpt-5', cost: '50' }] } }])
})

it('is no judge of small sums, of short histories and of what is long ago', async () => {
  const { notices, watch, spend } = await open()
  for (let ago = 1; ago <= 20; ago++) await spend(ago, 0.01, 'small')
  await spend(0, 0.99, 'small')
  for (let ago = 1; ago <= 11; ago++) await spend(ago, 1, 'new')
  await spend(0, 100, 'new')
  for (let ago = 169; ago <= 190; ago++) await spend(ago, 1, 'back again')
  await spend(0, 100, 'back again')
  await watch.look()
  expect(notices).toEqual([])
})

it('counts by the hours in which something was spent, so that nights make no anomaly of every morning', async () => {
  const { notices, watch, spend } = await open()
  for (let day = 1; day <= 6; day++) for (let at = -2; at <= 2; at++) await spend(day * 24 + at, 30)
  await spend(0, 40)
  await watch.look()
  expect(notices).toEqual([])
  await spend(0, 40)
  await watch.look()
  expect(notices).toHaveLength(1)
})

it('can be made stricter, or switched off', async () => {
  for (const [options, told] of [
    [{ deviations: 12 }, 0],
    [{ leastUsd: 100 }, 0],
    [false, 0],
    [{ leastUsd: 0.01 }, 1],
  ] as const) {
    const { notices, watch, spend } = await open(options)
    for (let ago = 1; ago <= 20; ago++) await spend(ago, 0.1)
    await spend(0, options !== false && 'leastUsd' in options && options.leastUsd < 1 ? 0.5 : 0.21)
    for (let ago = 1; ago <= 20; ago++) await spend(ago, 2)
    await spend(0, 4)
    await watch.look()
    expect([options, notices.length]).toEqual([options, told])
  }
})
