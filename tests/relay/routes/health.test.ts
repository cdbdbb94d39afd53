import { expect, it } from 'vitest'
import type { RelayContext } from '../../../src/relay/routes/context.js'
import { healthRoutes } from '../../../src/relay/routes/health.js'

it('says in time that the relay is not ready when its database says nothing', async () => {
  const silent = { all: () => new Promise(() => {}) }
  const context = { sql: silent, stopping: new AbortController().signal } as unknown as RelayContext
  const answer = await healthRoutes(context, 10).request('/ready')
  expect(answer.status).toBe(503)
  expect(await answer.json()).toEqual({ status: 'the store cannot be reached' })
})
