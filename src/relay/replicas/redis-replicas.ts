/**
 * Relays that share a Redis. None of it is money: budgets and leases stand in the database, and whatever is lost here is looked
 * for again, or counted anew.
 */
import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { messageOf } from '../../core/errors.js'
import { asArray, asString, parseJson } from '../../core/json.js'
import { absent, loadOptional } from '../../core/optional.js'
import type { Store } from '../../core/store.js'
import { redis } from '../../stores/redis.js'
import { hearing } from './hearing.js'
import { redisCounts } from './redis-counts.js'
import type { Hearers, Replicas, Topic } from './replicas.js'

const channel = 'leash:relay'

/** Between tries to reach a Redis that is away, in milliseconds. */
const restMs = 1000

/** Commands fail at once while it is away, and the connection is made again by itself. */
const options = {
  connectTimeout: 1000,
  // Of a server that is gone without a word a connection hears nothing for a quarter of an hour, and each call would wait for it.
  socketTimeout: 1000,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => restMs,
}

export async function openRedisReplicas(url: string, warn: (message: string) => void): Promise<Replicas> {
  const { Redis: Client } = await loadOptional('ioredis', async () => {
    try {
      return await import('ioredis')
    } catch (error) {
      return absent(error)
    }
  })
  const [client, listener] = [new Client(url, options), new Client(url, options)]
  let away = false
  const failed = (error: unknown) => {
    if (!away)
      warn(
        `Redis is away (${messageOf(error)}). Until it is back, rate limits hold nobody, caches have nothing, each relay counts nonces and sign-ins by itself, and relays hear of each other's changes some seconds later.`,
      )
    away = true
  }
  client.on('error', failed).on('ready', () => {
    away = false
  })
  listener.on('error', () => {})
  // The first calls are counted, too; and a relay whose Redis is away begins without it.
  await once(client, 'ready', { signal: AbortSignal.timeout(options.connectTimeout) }).catch(() => {})
  const stores = new Map<string, Store>()
  return {
    tell(topic, name) {
      client.publish(channel, JSON.stringify([topic, name])).catch(failed)
    },
    hear: (hearers) => follow(listener, hearers),
    storeOf(tenant) {
      let store = stores.get(tenant)
      if (!store) {
        store = redis({ client, prefix: `leash:${tenant}`, fail: 'open', onError: failed })
        stores.set(tenant, store)
      }
      return store
    },
    counts: redisCounts(client, failed),
    async close() {
      for (const connection of [client, listener]) connection.disconnect()
    },
  }
}

/** What was told while nobody listened was missed: whoever listens again looks at everything. */
function follow(listener: Redis, hearers: Hearers): void {
  const heard = hearing(hearers)
  const listen = () =>
    void listener
      .subscribe(channel)
      .then(() => {
        for (const look of Object.values(heard)) look()
      })
      .catch(() => {})
  listener.on('ready', listen)
  // It may have been quicker than the database.
  if (listener.status === 'ready') listen()
  listener.on('message', (_, text: string) => {
    // Anybody who has the Redis can say anything there.
    const [topic = '', name] = asArray(parseJson(text)).map(asString)
    if (Object.hasOwn(heard, topic)) heard[topic as Topic](name)
  })
}
