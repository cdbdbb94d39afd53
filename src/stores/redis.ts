/** A store that processes share: Redis 6.2 or newer, or what speaks like it, alone, behind Sentinel or as a cluster. */
import { checkNano } from '../core/check-nano.js'
import { isLeashError, LeashError, messageOf } from '../core/errors.js'
import { inside } from '../core/inside.js'
import type {
  Balance,
  BudgetScope,
  Limit,
  Reservation,
  Reserved,
  ReserveOptions,
  Store,
  StoreStats,
  Taken,
  Value,
} from '../core/store.js'
import * as budgets from './redis/budgets.lua.js'
import { Client, type RedisClient } from './redis/client.js'
import * as limits from './redis/limits.lua.js'
import { pack, unpack } from './redis/value.js'

export type { RedisClient } from './redis/client.js'

export interface RedisOptions {
  /** @defaultValue 'redis://127.0.0.1:6379' */
  readonly url?: string | undefined
  /** An ioredis `Redis` or `Cluster` of your own, in place of `url`. Yours to close, and without a `keyPrefix`. */
  readonly client?: RedisClient | undefined
  /** What all keys begin with. @defaultValue 'leash' */
  readonly prefix?: string | undefined
  /** How long a command may take, connecting included, in milliseconds. @defaultValue 1000 */
  readonly timeoutMs?: number | undefined
  /**
   * What becomes of a call whose limits and budgets cannot be asked. `closed`: it fails with `overloaded`. `open`: it goes on as
   * if there were none. A value that cannot be read is none in either case. @defaultValue 'closed'
   */
  readonly fail?: 'open' | 'closed' | undefined
  /** Told of every command that failed, so that a store that fails open does not do so in silence. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Connects at the first call that needs it. Needs the package `ioredis`, unless it is given a client. */
export function redis(options: RedisOptions = {}): Store {
  return new RedisStore(options)
}

class RedisStore implements Store {
  readonly #client: Client
  readonly #prefix: string
  readonly #failOpen: boolean
  readonly #onError: ((error: unknown) => void) | undefined
  #hits = 0
  #misses = 0

  constructor({ url = 'redis://127.0.0.1:6379', client, prefix = 'leash', timeoutMs = 1000, fail, onError }: RedisOptions) {
    this.#client = new Client({ url, timeoutMs, ...(client && { client }) })
    this.#prefix = prefix
    this.#failOpen = fail === 'open'
    this.#onError = onError
  }

  async get(key: string): Promise<Value | undefined> {
    const found = await this.#try(() => this.#client.callBuffer('GET', this.#value(key)))
    const value = found instanceof Uint8Array ? unpack(found) : undefined
    if (value === undefined) this.#misses++
    else this.#hits++
    return value
  }

  async set(key: string, value: Value, ttlMs?: number): Promise<void> {
    const expiry = ttlMs === undefined ? [] : ['PX', Math.max(1, Math.ceil(ttlMs))]
    await this.#try(() => this.#client.call('SET', this.#value(key), pack(value), ...expiry))
  }

  async delete(key: string): Promise<void> {
    await this.#must(() => this.#client.call('UNLINK', this.#value(key)))
  }

  async clear(prefix: string): Promise<number> {
    const pattern = `${escapeGlob(this.#value(prefix))}*`
    const cleared = await this.#must(() => this.#client.servers()).then((servers) =>
      Promise.all(servers.map((server) => this.#clear(server, pattern))),
    )
    return cleared.reduce((sum, count) => sum + count, 0)
  }

  stats(): StoreStats {
    return { hits: this.#hits, misses: this.#misses }
  }

  async take(space: string, taken: readonly Limit[]): Promise<Taken> {
    const late = (reply: unknown) => this.#giveBack(space, taken, numbers(reply))
    const reply = await this.#guard(() => this.#client.run(limits.take, this.#counts(space, taken), limitArguments(taken), late))
    if (reply === undefined) return { ok: true, retryAfterMs: 0, states: [], at: Date.now() }
    const [refused = -1, retry = 0, at = 0, ...rest] = reply
    const states = taken.map((_, index) => ({ remaining: rest[2 * index] ?? 0, resetMs: rest[2 * index + 1] ?? 0 }))
    if (refused < 0) return { ok: true, retryAfterMs: 0, states, at }
    return { ok: false, refused, retryAfterMs: retry < 0 ? Number.POSITIVE_INFINITY : retry, states, at }
  }

  /** Of a call that has failed meanwhile, or went on without it. */
  #giveBack(space: string, taken: readonly Limit[], [refused = 0, , at = 0]: readonly number[]): void {
    if (refused >= 0) return
    const whole = taken.map((limit) => ({ ...limit, amount: -limit.amount }))
    this.adjust(space, whole, at).catch(() => {})
  }

  async adjust(space: string, changed: readonly Limit[], at: number): Promise<void> {
    await this.#try(() => this.#client.run(limits.adjust, this.#counts(space, changed), [at, ...limitArguments(changed)]))
  }

  async reserve(space: string, scopes: readonly BudgetScope[], amount: number, options: ReserveOptions): Promise<Reserved> {
    checkNano(amount, ...scopes.map(({ limit }) => limit))
    const { ttlMs, expired = 'spent' } = options
    const keys = scopes.map(({ key }) => key)
    const reservation: Reservation = { id: crypto.randomUUID(), space, keys, amount, expired }
    const per = scopes.flatMap(({ limit, endsAt = 0 }) => [limit, Math.ceil(endsAt)])
    const args = [amount, `${expired}${written(reservation)}`, Math.ceil(ttlMs), ...per]
    // It may arrive all the same, or have arrived.
    const undo = () => void this.release(reservation).catch(() => {})
    const reply = await this.#guard(() => this.#client.run(budgets.reserve, this.#sums(space, keys), args, undo), undo)
    if (reply === undefined) return { ok: true, reservation: { ...reservation, keys: [] }, balances: [] }
    const [refused = -1, ...rest] = reply
    const balance = (at: number): Balance => ({ spent: rest[2 * at] ?? 0, reserved: rest[2 * at + 1] ?? 0 })
    return refused < 0
      ? { ok: true, reservation, balances: scopes.map((_, at) => balance(at)) }
      : { ok: false, refused, balance: balance(0) }
  }

  async settle(reservation: Reservation, actual: number): Promise<void> {
    checkNano(actual)
    const { space, keys, amount, expired } = reservation
    if (keys.length === 0) return
    const args = [expired, written(reservation), amount, actual]
    await this.#try(() => this.#client.run(budgets.settle, this.#sums(space, keys), args))
  }

  release(reservation: Reservation): Promise<void> {
    return this.settle(reservation, 0)
  }

  async read(space: string, key: string): Promise<Balance> {
    const [spent = 0, reserved = 0] = numbers(
      await this.#must(() => this.#client.run(budgets.read, this.#sums(space, [key]), [])),
    )
    return { spent, reserved }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #clear(server: RedisClient, pattern: string): Promise<number> {
    let [cursor, count] = ['0', 0]
    do {
      const [next, keys] = (await this.#must(() => server.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000))) as [
        string,
        string[],
      ]
      cursor = next
      // One by one, since in a cluster the keys of one command must stand together.
      for (const key of keys) count += Number(await this.#must(() => this.#client.call('UNLINK', key)))
    } while (cursor !== '0')
    return count
  }

  #value(key: string): string {
    return `${this.#prefix}:v:${key}`
  }

  /** In a cluster, what stands in braces decides on which node a key is. */
  #tag(space: string): string {
    return `{${encodeURIComponent(`${this.#prefix}:${space}`.toWellFormed())}}`
  }

  #counts(space: string, taken: readonly Limit[]): string[] {
    const tag = this.#tag(space)
    return taken.map(({ algorithm, windowMs, key }) => `${tag}:l:${algorithm}:${windowMs}:${key}`)
  }

  #sums(space: string, keys: readonly string[]): string[] {
    const tag = this.#tag(space)
    return keys.flatMap((key) => [`${tag}:b:${key}`, `${tag}:o:${key}`])
  }

  /** What a call can do without. */
  async #try<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await command()
    } catch (error) {
      if (isLeashError(error)) throw error
      this.#onError?.(error)
      return undefined
    }
  }

  /** What a call is held to. Undefined: the store cannot be asked, and that is to let it pass. */
  async #guard(command: () => Promise<unknown>, undo?: () => void): Promise<number[] | undefined> {
    const reply = await this.#must(command).catch((error: unknown) => {
      undo?.()
      if (this.#failOpen && isLeashError(error) && error.code === 'overloaded') return undefined
      throw error
    })
    return reply === undefined ? undefined : numbers(reply)
  }

  async #must<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command()
    } catch (cause) {
      if (isLeashError(cause)) throw cause
      this.#onError?.(cause)
      const why = messageOf(cause)
      const message = `The Redis store cannot be used: ${why}. Check the server and its address.`
      const error = new LeashError('overloaded', message, { cause, retryable: true })
      throw inside(error, 'A store of this server cannot be used. Try again later.')
    }
  }
}

function limitArguments(taken: readonly Limit[]): (string | number)[] {
  return taken.flatMap(({ algorithm, limit, windowMs, amount }) => [algorithm, limit, windowMs, amount])
}

/** How an open reservation is written, after what it counts as when it expires. */
function written({ amount, id }: Reservation): string {
  return `:${amount}:${id}`
}

/** Scripts reply with numbers as text: as numbers, Redis would cut off their decimals. */
function numbers(reply: unknown): number[] {
  return Array.isArray(reply) ? reply.map(Number) : []
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&')
}
