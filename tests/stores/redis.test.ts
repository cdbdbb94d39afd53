import { describe } from 'vitest'
import type { Store } from '../../src/core/store.js'
import { redis } from '../../src/stores/redis.js'
import { hasRedis, useRedis } from '../helpers/redis.js'
import { storeScenarios } from './scenarios.js'

describe.skipIf(!hasRedis)('the Redis store', () => {
  const server = useRedis()
  const stores: Store[] = []
  /** Three connections, as three processes would have. */
  const make = () => {
    if (stores.length === 3) stores.push(stores.shift() as Store)
    else stores.push(redis({ url: server.url, timeoutMs: 10_000 }))
    return stores.at(-1) as Store
  }
  storeScenarios(make)
})
