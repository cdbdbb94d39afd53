import { expect, it } from 'vitest'
import { backlogOf } from '../../../src/relay/metrics/backlog.js'
import type { RelayContext } from '../../../src/relay/routes/context.js'
import { healthRoutes } from '../../../src/relay/routes/health.js'

it('says in time that the relay is not ready when its database says nothing', async () => {
  const silent = { all: () => new Promise(() => {}) }
  const context = { sql: silent, stopping: new AbortController().signal } as unknown as RelayContext
  const answer = await healthRoutes(context, 10).request('/ready')
  expect(answer.status).toBe(503)
  expect(await answer.json()).toEqual({ status: 'the store cannot be reached' })
})

it('tells the other metrics in time when its database says nothing', async () => {
  const silent = { all: () => new Promise(() => {}) } as unknown as RelayContext['sql']
  expect(await backlogOf({ sql: silent, late: undefined, answerMs: 10 })).toEqual([])
})
