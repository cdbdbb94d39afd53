import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { redis } from '../../../src/stores/redis.js'
import { hasRedis, useRedis } from '../../helpers/redis.js'
import { storeScenarios } from '../scenarios.js'

/** One node is enough: it refuses a command whose keys are not in one slot, as any would. */
describe.skipIf(!hasRedis)('the Redis store over a cluster', () => {
  const server = useRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  let cluster: Cluster
  beforeAll(async () => {
    const admin = new Redis(server.url)
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16383)
    await vi.waitFor(async () => {
      if (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) throw new Error('The cluster is not ready.')
    }, 15_000)
    admin.disconnect()
    cluster = new Cluster([{ host: '127.0.0.1', port: server.port }])
  })
  afterAll(() => cluster?.disconnect())

  storeScenarios(() => redis({ client: cluster, timeoutMs: 10_000 }))
})
