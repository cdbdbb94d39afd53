/** Counts that relays keep together: each name by itself, from its first time on and for as long as its window is. */
import { hash } from 'node:crypto'
import { Client, type RedisClient } from '../../stores/redis/client.js'
import { script } from '../../stores/redis/script.js'
import type { SharedCounts } from './replicas.js'

/** A name that has a count and no end would be counted for ever. */
const one = script(`
local count = redis.call('INCR', KEYS[1])
if count == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { count, redis.call('PTTL', KEYS[1]) }
`)

/** As the store waits for it. */
const timeoutMs = 1000

/** Names have people's addresses in them, and may be long. */
const keyOf = (name: string) => `leash:/counts:${hash('sha256', name, 'base64url')}`

/** @param failed told of what could not be counted */
export function redisCounts(client: RedisClient, failed: (error: unknown) => void): SharedCounts {
  const counts = new Client({ url: '', client, timeoutMs })
  return {
    async add(name, windowMs) {
      try {
        const [count, leftMs] = (await counts.run(one, [keyOf(name)], [windowMs])) as [number, number]
        return { count, leftMs }
      } catch (error) {
        failed(error)
        return undefined
      }
    },
    async forget(name) {
      await counts.call('UNLINK', keyOf(name)).catch(failed)
    },
  }
}
