/** What the relays of one database have in common beside it: changes that one has made, and what is counted for all together. */
import type { Store } from '../../core/store.js'
import { readEnv } from '../../providers/env.js'
import type { ConfigLog } from '../config/log.js'
import type { Keys } from '../keys/keys.js'
import type { Policies } from '../policy/policies.js'

/** What has changed: the policy of a tenant or a key, the keys of a tenant, or the configuration. */
export type Topic = 'policy' | 'keys' | 'config'

export interface Hearers {
  readonly policies: Pick<Policies, 'heard'>
  readonly keys: Pick<Keys, 'heard'>
  readonly config: Pick<ConfigLog, 'heard'>
}

/** What relays count together, beside what each counts for itself. */
export interface SharedCounts {
  /** Counts one more. @returns how many there are in a window that began with the first of them; undefined when nobody can say */
  add(name: string, windowMs: number): Promise<{ readonly count: number; readonly leftMs: number } | undefined>
  forget(name: string): Promise<void>
}

export interface Replicas {
  /** Tells the other relays. Nobody waits for it: those who do not hear of it look for themselves, some seconds later. */
  tell(topic: Topic, name: string): void
  /** Is told what other relays tell. */
  hear(hearers: Hearers): void
  /** Where a tenant's calls are counted, and what they were answered is kept; undefined where each process does that for itself. */
  storeOf(tenant: string): Store | undefined
  /** Undefined where each process counts for itself. */
  readonly counts: SharedCounts | undefined
  close(): Promise<void>
}

const alone: Replicas = { tell: () => {}, hear: () => {}, storeOf: () => undefined, counts: undefined, close: async () => {} }

/**
 * @param url of a Redis
 * @param isWorker one of several processes that one has started, and which can talk through that
 * @throws LeashError `missing_dependency` without the package `ioredis`
 */
export async function openReplicas(
  { redis: url = readEnv('REDIS_URL') }: { readonly redis?: string },
  warn: (message: string) => void,
  isWorker: boolean,
): Promise<Replicas> {
  if (url !== undefined) return (await import('./redis-replicas.js')).openRedisReplicas(url, warn)
  return isWorker ? (await import('./worker-replicas.js')).workerReplicas() : alone
}
