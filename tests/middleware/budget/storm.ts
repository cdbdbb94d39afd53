/** A thousand calls at once against a few budgets: they fail, are aborted, left, retried and hedged at random. */
import type { Attempt, Call } from '../../../src/core/call.js'
import { LeashError } from '../../../src/core/errors.js'
import type { Reservation, Store } from '../../../src/core/store.js'
import type { Budget } from '../../../src/middleware/budget/options.js'
import { hedge } from '../../../src/middleware/hedge.js'
import { retry } from '../../../src/middleware/retry.js'
import { budgeting, type Plan, targetOf } from './rig.js'

export interface Storm {
  readonly store: Store
  readonly budgets: readonly Budget[]
  readonly calls: number
  /** From 0 to below 1. */
  readonly random: () => number
}

export interface Fallout {
  readonly answered: number
  readonly refused: number
  readonly aborted: number
  readonly failed: number
  readonly hedged: number
  /** Nano-dollars and tokens of all attempts. */
  readonly cost: number
  readonly tokens: number
  /** By how much a budget was passed at most, at any instant. */
  readonly over: number
}

export async function storm({ store, budgets, calls, random }: Storm): Promise<Fallout> {
  const watched = watching(store)
  const pick = (max: number) => Math.floor(random() * max)
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  /** Those whose caller leaves in the moment in which their vendor has been asked. */
  const doomed = new Map<string, AbortController>()
  const vendor = ({ body, stream, options }: Pick<Call, 'body' | 'stream' | 'options'>): Plan => {
    const leaving = doomed.get(options.tags?.call ?? '')
    if (leaving) setImmediate(() => leaving.abort())
    const asked = Number(body.max_tokens)
    // A vendor reads no more than there is, and writes no more than it may.
    const used = { input: pick(JSON.stringify(body).length), output: pick(asked + 1) }
    const wait = later(pick(30) === 0 ? 1000 : pick(8))
    switch (pick(10)) {
      case 0:
        return { wait, status: 500, error: new LeashError('upstream_error', 'it fails', { retryable: true }) }
      case 1:
        return stream
          ? { ...used, wait }
          : { ...used, wait, error: new LeashError('stream_truncated', 'it is cut', { retryable: true }) }
      default:
        return { ...used, wait }
    }
  }
  const rig = budgeting(budgets, {
    store: watched.store,
    vendor,
    between: [
      retry({ backoff: () => 0, tokens: calls }),
      hedge({ delayMs: 2, maxShare: 1 }, { find: targetOf, reserve: (second) => rig.keeper.prepay(second) }),
    ],
  })
  let count = 0
  const attempts: Attempt[] = []
  const counts = { answered: 0, refused: 0, aborted: 0, failed: 0 }
  async function one(): Promise<void> {
    const abort = new AbortController()
    const name = `${++count}`
    if (pick(16) === 0) doomed.set(name, abort)
    else if (pick(8) === 0) setTimeout(() => abort.abort(), pick(2) === 0 ? pick(6) : pick(200))
    const call = rig.callOf({
      stream: pick(2) === 0,
      body: { max_tokens: 50 + pick(200) },
      signal: abort.signal,
      options: {
        tags: { call: name },
        tenant: `t${pick(2)}`,
        user: `u${pick(5)}`,
        ...(pick(10) === 0 && { budgetUsd: 0.000001 }),
      },
    })
    try {
      const result = await rig.run(call)
      if (result.stream) for await (const _ of result.body) if (pick(4) === 0) break
      counts.answered++
    } catch (error) {
      if (!(error instanceof LeashError)) throw error
      if (error.code === 'budget_exceeded') counts.refused++
      else if (error.code === 'aborted') counts.aborted++
      else counts.failed++
    } finally {
      attempts.push(...call.report.attempts)
    }
  }
  await Promise.all(Array.from({ length: calls }, one))
  // Those that lost a race may still be on their way.
  while (attempts.some(({ outcome }) => outcome === 'pending')) await later(5)
  await later(20)
  await rig.keeper.close()
  return {
    ...counts,
    hedged: attempts.filter(({ hedged }) => hedged).length,
    cost: attempts.reduce((sum, { cost }) => sum + (cost ?? 0), 0),
    tokens: attempts.reduce((sum, { usage }) => sum + (usage ? usage.input + usage.output : 0), 0),
    over: await watched.over(),
  }
}

/** The same store, whose budgets are looked at whenever one of them has changed. */
function watching(store: Store): { readonly store: Store; over(): Promise<number> } {
  const limits = new Map<string, number>()
  const looking = new Set<Promise<void>>()
  let over = Number.NEGATIVE_INFINITY
  const look = (space: string, keys: readonly string[]) => {
    for (const key of keys) {
      const balance = store.read(space, key)
      // Over a network the answer is of a later instant, which is as good as any.
      const looked = Promise.resolve(balance).then(({ spent, reserved }) => {
        over = Math.max(over, spent + reserved - (limits.get(key) ?? 0))
        looking.delete(looked)
      })
      looking.add(looked)
    }
  }
  const after = async (reservation: Reservation, done: Promise<void> | void) => {
    await done
    look(reservation.space, reservation.keys)
  }
  return {
    async over() {
      while (looking.size > 0) await Promise.all(looking)
      return over
    },
    store: {
      ...methodsOf(store),
      async reserve(space, scopes, amount, options) {
        for (const { key, limit } of scopes) limits.set(key, limit)
        const reserved = await store.reserve(space, scopes, amount, options)
        if (reserved.ok) {
          for (const [at, { spent, reserved: held }] of reserved.balances.entries())
            over = Math.max(over, spent + held - (scopes[at]?.limit ?? 0))
        }
        look(
          space,
          scopes.map(({ key }) => key),
        )
        return reserved
      },
      settle: (reservation, actual) => after(reservation, store.settle(reservation, actual)),
      release: (reservation) => after(reservation, store.release(reservation)),
    },
  }
}

function methodsOf(store: Store): Store {
  return {
    get: (key) => store.get(key),
    set: (key, value, ttlMs) => store.set(key, value, ttlMs),
    delete: (key) => store.delete(key),
    clear: (prefix) => store.clear(prefix),
    stats: () => store.stats(),
    take: (space, limits) => store.take(space, limits),
    adjust: (space, limits, at) => store.adjust(space, limits, at),
    reserve: (space, scopes, amount, options) => store.reserve(space, scopes, amount, options),
    settle: (reservation, actual) => store.settle(reservation, actual),
    release: (reservation) => store.release(reservation),
    read: (space, key) => store.read(space, key),
    close: () => store.close(),
  }
}
