/** Budgets around a vendor of ours, whose price and answers a test says. */
import type { BudgetEvent } from '../../../src/core/budget.js'
import type { Attempt, Call, CallOptions, Result, Target } from '../../../src/core/call.js'
import { Emitter } from '../../../src/core/emitter.js'
import type { Ending } from '../../../src/core/ending.js'
import { Endings, endings } from '../../../src/core/ending.js'
import { isLeashError, LeashError } from '../../../src/core/errors.js'
import type { JsonObject } from '../../../src/core/json.js'
import { Lazy } from '../../../src/core/lazy.js'
import { compose, type Middleware, type Next } from '../../../src/core/middleware.js'
import type { Price, PriceBook } from '../../../src/core/price.js'
import { createReport } from '../../../src/core/report.js'
import type { Store } from '../../../src/core/store.js'
import { usageOf } from '../../../src/core/usage.js'
import type { Budget, BudgetWebhook } from '../../../src/middleware/budget/options.js'
import { BudgetKeeper } from '../../../src/middleware/budget.js'
import { memory } from '../../../src/stores/memory.js'
import { aCall } from '../../helpers/call.js'

/** One nano-dollar for a token in, ten for a token out; a hundredth of that for `small`. */
const rates: Readonly<Record<string, readonly [number, number]>> = { large: [1e6, 1e7], small: [1e4, 1e5] }

export const book: PriceBook = {
  price({ model }): Price | null {
    const [input, output] = rates[model] ?? []
    if (input === undefined || output === undefined) return null
    const step = { input, cacheRead: input, cacheWrite: input, output, reasoning: output }
    return { currency: 'USD', source: 'a test', version: '1', tiers: { standard: [{ from: 0, rates: step, request: 0 }] } }
  },
}

export function targetOf(name: string): Target {
  const [provider = '', model = ''] = name.split('/')
  return { provider: { ...aCall().target.provider, name: provider }, model }
}

/** What a vendor does with an attempt. */
export interface Plan {
  readonly input?: number
  readonly output?: number
  readonly error?: LeashError
  /** Of the answer, or of the refusal. */
  readonly status?: number
  /** Resolves when the vendor has answered. */
  readonly wait?: Promise<unknown>
}

export type Vendor = (call: Call) => Plan

/** Does as the innermost layer does: an attempt is in the report, and booked when it has ended. */
export function upstream(plan: Vendor): Next {
  return async (call) => {
    const { provider, model } = call.target
    if (call.signal?.aborted) throw new LeashError('aborted', 'It was stopped on the way.')
    const record: Attempt = {
      provider: provider.name,
      model,
      protocol: call.protocol,
      startedAt: 0,
      outcome: 'pending',
      ...(call.hedged && { hedged: call.hedged }),
    }
    call.report.attempts.push(record)
    const { input = 0, output = 0, error, status = 200, wait } = plan(call)
    const end = (ending: Ending) => {
      if (record.outcome !== 'pending') return
      record.outcome = ending === undefined ? 'ok' : isLeashError(ending) && ending.code !== 'aborted' ? 'error' : 'cancelled'
      record.status = status
      record.usage = usageOf({ input, output })
      const [read = 0, written = 0] = rates[model] ?? []
      record.cost = rates[model] ? Math.round((input * read + output * written) / 1e6) : null
    }
    try {
      await stopped(call, wait)
      if (error) throw error
    } catch (failure) {
      end(failure instanceof LeashError ? failure : undefined)
      throw failure
    }
    if (!call.stream) {
      end(undefined)
      return { stream: false, status, headers: new Headers(), body: {}, attempt: record }
    }
    return streamed(record, end)
  }
}

async function stopped({ signal }: Call, wait: Promise<unknown> | undefined): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(new LeashError('aborted', 'stopped'))
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
  })
  aborted.catch(() => {})
  await Promise.race([wait, aborted])
}

/** Two pieces; whoever leaves it ends it. */
function streamed(attempt: Attempt, end: (ending: Ending) => void): Result {
  const told = new Endings()
  let left = 2
  const finish = (ending: Ending) => {
    end(ending)
    told.end(ending)
  }
  const body = {
    [endings]: told,
    async next(): Promise<IteratorResult<Uint8Array>> {
      if (left-- > 0) return { done: false, value: new Uint8Array(1) }
      finish(undefined)
      return { done: true, value: undefined }
    },
    async return(): Promise<IteratorResult<Uint8Array>> {
      finish('cancelled')
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return body
    },
  }
  return { stream: true, status: 200, headers: new Headers(), body, attempt }
}

export interface RigOptions {
  readonly vendor?: Vendor
  readonly store?: Store
  readonly now?: () => number
  readonly webhook?: BudgetWebhook
  /** Nobody hears of what is told of budgets. */
  readonly unheard?: true
  /** What is known of models. */
  readonly can?: { readonly maxOutput?: number; readonly contextWindow?: number }
  /** Between the two layers. */
  readonly between?: readonly Middleware[]
}

export interface Asking {
  readonly model?: string
  readonly protocol?: string
  readonly body?: JsonObject
  readonly stream?: boolean
  readonly options?: CallOptions
  readonly signal?: AbortSignal
}

export function budgeting(budgets: readonly Budget[], options: RigOptions = {}) {
  const {
    vendor = () => ({ input: 10, output: 10 }),
    store = memory(),
    now,
    webhook,
    unheard = false,
    can = { maxOutput: 1000 },
    between = [],
  } = options
  const emitter = new Emitter()
  const events: BudgetEvent[] = []
  const warnings: string[] = []
  if (!unheard) emitter.on('budget', (event) => void events.push(event))
  emitter.on('warning', ({ message }) => void warnings.push(message))
  const keeper = new BudgetKeeper(
    { budgets, ...(webhook && { budgetWebhook: webhook }) },
    {
      emitter,
      store,
      find: targetOf,
      prices: new Lazy(async () => book),
      capabilities: new Lazy(async () => () => can),
      ...(now && { now }),
    },
  )
  const seen: Call[] = []
  const terminal = upstream((call) => {
    seen.push(call)
    return vendor(call)
  })
  const run = compose([keeper.call, ...between, keeper.attempt], terminal)
  const callOf = ({ model = 'test/large', body = { max_tokens: 100 }, signal, ...over }: Asking = {}): Call =>
    aCall({
      target: targetOf(model),
      model,
      body,
      report: createReport('call', undefined),
      ...over,
      ...(signal && { signal }),
    })
  return {
    keeper,
    emitter,
    store,
    events,
    warnings,
    seen,
    callOf,
    run,
    ask: (asking?: Asking) => run(callOf(asking)),
    /** The first budget of whoever named no tenant. */
    state: async () => {
      const [state] = await keeper.states({})
      if (!state) throw new Error('There is no budget.')
      return state
    },
  }
}

/** What a failure says, and the code in front of it. */
export async function failureOf(result: Promise<unknown>): Promise<LeashError> {
  try {
    await result
  } catch (error) {
    if (isLeashError(error)) return error
    throw error
  }
  throw new Error('It did not fail.')
}

export async function read(result: Result): Promise<void> {
  if (result.stream) for await (const _ of result.body);
}
