import { expect, it } from 'vitest'
import { inTurns } from '../../src/relay/in-turns.js'
import { reportOf } from '../../src/relay/usage/report.js'
import { openRelay } from './helpers.js'

it('goes through few at once, and lets others come in between many', async () => {
  const seen: (number | string)[] = []
  setImmediate(() => seen.push('somebody else'))
  for await (const some of inTurns([1, 2])) seen.push(some.length)
  expect(seen).toEqual([2])
  for await (const some of inTurns(Array.from({ length: 2500 }))) seen.push(some.length)
  expect(seen).toEqual([2, 1000, 'somebody else', 1000, 500])
})

it('makes a report of many rows in many turns', async () => {
  const found = Array.from({ length: 20_000 }, (_, at) => ({
    lines: 1,
    by_0: `key ${at}`,
    calls: 1,
    cost_dollars: 20_000 - at,
    cost_rest: 5,
    saved_dollars: 0,
    saved_rest: 0,
  }))
  let turns = 0
  const count = () => {
    turns++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const rows = await reportOf({ all: async <T>() => found as T[] }, { by: ['key'], from: 0, to: 3_600_000 })
  clearImmediate(next)
  expect([rows.length, rows[0]?.of, rows[0]?.cost]).toEqual([20_000, { key: 'key 0' }, '20000.000000005'])
  expect(turns).toBeGreaterThan(15)
})

it('tells a report of many rows as a whole, as JSON and as CSV, and one of none', async () => {
  const relay = await openRelay('http://127.0.0.1:9')
  const line = {
    attempt: 1,
    at: Date.now(),
    durationMs: 1,
    provider: 'openai',
    protocol: 'openai-chat',
    outcome: 'ok',
    basis: 'complete',
  }
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, audioInput: 0, output: 1, reasoning: 0, audioOutput: 0 }
  const models = Array.from({ length: 2345 }, (_, at) => `model "${at}"`)
  const lines = models.map((model, at) => ({ ...line, id: `${at}`, callId: `${at}`, model, usage, cost: 1 }))
  await relay.ask('POST', '/v1/usage', { lines }, relay.call)
  const asked = (query: string) => relay.ask('GET', `/v1/admin/usage?${query}`)
  const { body } = await asked('by=model')
  expect(new Set(body.rows.map(({ of }: { of: { model: string } }) => of.model))).toEqual(new Set(models))
  expect((await asked('by=model&tenant=nobody')).body).toEqual({ rows: [] })
  const { rows, total } = (await asked('by=model&top=1500')).body
  expect([rows.length, total.of, total.nano]).toEqual([1500, {}, 2345])
  expect((await asked('by=model&top=5&tenant=nobody')).body).toMatchObject({ rows: [], total: { calls: 0, cost: '0' } })
  const csv = String((await asked('by=model&format=csv')).body)
    .trimEnd()
    .split('\r\n')
  expect([csv.length, csv.filter((row) => row.startsWith('model,')).length]).toEqual([2346, 1])
})
