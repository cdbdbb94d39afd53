import type { BudgetState } from '../../core/budget.js'
import type { Attempt, Call } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import type { Health } from '../../core/health.js'
import { usdOf } from '../../core/money.js'
import { Roster } from '../../core/roster.js'
import type { SloState } from '../../core/slo.js'
import { untilStopped } from '../../core/until-stopped.js'
import { buckets } from '../../core/usage.js'
import { kindOf } from '../../protocols/index.js'
import type { Observer, Seen, Watch } from '../observe/observe.js'
import { families, type MetricName } from './families.js'
import { Registry, type Sample } from './registry.js'
import { familyText } from './text.js'

/** How a module has done. Durations are in milliseconds. */
interface ModuleNumbers {
  readonly name: string
  readonly metrics: {
    readonly executions: number
    readonly errors: number
    readonly duration: { readonly total: number; readonly p95: number }
  }
}

/** What is read when somebody asks for the metrics. */
export interface MetricsSources {
  health(): Health
  modules(): readonly ModuleNumbers[]
  budgets(): Promise<readonly BudgetState[]>
  slos(): readonly SloState[]
}

/** As Prometheus counts: from the start of the process, and never back. */
export class Metrics implements Observer {
  readonly #sources: MetricsSources
  readonly #numbers = new Registry<MetricName>(families)
  /** When each call under way has begun. */
  readonly #active = new Roster<number>()
  #reading: Promise<void> | undefined

  constructor(emitter: Emitter, sources: MetricsSources) {
    this.#sources = sources
    this.#listen(emitter)
  }

  begin(call: Call): Watch {
    const place = this.#active.add(performance.now())
    return {
      end: (seen) => {
        this.#active.remove(place)
        this.#ended(call, seen)
      },
    }
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    await this.#read()
    return names.map((name) => familyText(name, families[name], this.#numbers.samples(name))).join('')
  }

  /** Of one metric, as it is now. */
  async samples(name: MetricName): Promise<Sample[]> {
    await this.#read()
    return this.#numbers.samples(name)
  }

  /** Once for all that are asked for together. */
  #read(): Promise<void> {
    this.#reading ??= this.#readStates().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readStates(): Promise<void> {
    const budgets = await inTime(this.#sources.budgets())
    for (const name of readAnew) this.#numbers.clear(name)
    this.#readActive()
    this.#readHealth(this.#sources.health())
    this.#readModules(this.#sources.modules())
    this.#readBudgets(budgets)
    this.#readSlos(this.#sources.slos())
  }

  #ended(call: Call, { ending, durationMs, firstChunkMs }: Seen): void {
    const { report, target, options } = call
    const numbers = this.#numbers
    const who = [report.provider ?? target.provider.name, report.model ?? target.model]
    const code = codeOf(ending === 'cancelled' ? ending : ending?.code)
    numbers.add('leash_requests_total', [...who, kindOf(call.protocol) ?? '', code])
    numbers.observe('leash_request_duration_seconds', who, durationMs / 1000)
    if (firstChunkMs !== undefined) numbers.observe('leash_time_to_first_chunk_seconds', who, firstChunkMs / 1000)
    if (report.coalesced) numbers.add('leash_coalesced_total', [])
    if (report.cache) numbers.add('leash_cache_requests_total', [report.cache])
    if (report.cost?.savedUsd) numbers.add('leash_cache_saved_usd_total', [], report.cost.savedUsd)
    if (code === 'rate_limited' && report.attempts.length === 0) numbers.add('leash_rate_limited_total', ['leash'])
    // Null where the call was worded as JSON.
    if (options.tenant == null) return
    numbers.add('leash_tenant_requests_total', [options.tenant, code])
    if (report.cost?.usd) numbers.add('leash_tenant_cost_usd_total', [options.tenant], report.cost.usd)
  }

  #attempted(attempt: Attempt): void {
    const { provider, model, outcome, error, usage, cost, durationMs = 0, firstTokenMs = durationMs } = attempt
    const numbers = this.#numbers
    const who = [provider, model]
    numbers.add('leash_attempts_total', [...who, codeOf(error ?? (outcome === 'ok' ? undefined : 'cancelled'))])
    if (outcome !== 'cancelled') numbers.observe('leash_provider_latency_seconds', [provider], firstTokenMs / 1000)
    if (attempt.hedged) numbers.add('leash_hedged_total', [provider])
    if (error === 'rate_limited') numbers.add('leash_rate_limited_total', ['provider'])
    for (const type of buckets) if (usage?.[type]) numbers.add('leash_tokens_total', [...who, snake(type)], usage[type])
    if (cost) numbers.add('leash_cost_usd_total', who, usdOf(cost))
    if (cost === null) numbers.add('leash_cost_unknown_total', who)
  }

  #listen(emitter: Emitter): void {
    const numbers = this.#numbers
    emitter.on('attempt', (attempt) => this.#attempted(attempt))
    emitter.on('retry', ({ error }) => numbers.add('leash_retries_total', [error]))
    emitter.on('fallback', ({ from, to, because }) => numbers.add('leash_fallbacks_total', [from, to, because]))
    emitter.on('resume', ({ to, resumed }) => numbers.add('leash_resumed_total', [to, resumed]))
    emitter.on('breaker', ({ target, to }) => numbers.add('leash_breaker_changes_total', [target, to]))
    emitter.on('warning', () => numbers.add('leash_warnings_total', []))
    emitter.on('policy', ({ guard, action, direction, found }) => {
      if (action === 'block') numbers.add('leash_policy_violations_total', [guard, direction])
      if (action === 'fail') numbers.add('leash_guard_failures_total', [guard])
      for (const [type, count] of Object.entries(found)) numbers.add('leash_detections_total', [type, action, direction], count)
    })
  }

  #readActive(): void {
    const began = this.#active.all()
    this.#numbers.set('leash_active_requests', [], this.#active.size)
    const oldest = began.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY)
    const seconds = began.length === 0 ? 0 : (performance.now() - oldest) / 1000
    this.#numbers.set('leash_oldest_request_seconds', [], seconds)
  }

  #readHealth({ targets, providers }: Health): void {
    const numbers = this.#numbers
    const worstFirst = targets.toSorted((a, b) => states[b.state] - states[a.state])
    for (const { target, state } of worstFirst) numbers.setFirst('leash_breaker_state', [target], states[state])
    for (const { name, ready, probe } of providers) {
      numbers.set('leash_provider_ready', [name], Number(ready))
      if (probe) numbers.set('leash_provider_up', [name], Number(probe.ok))
    }
  }

  #readModules(modules: readonly ModuleNumbers[]): void {
    // One that leaves may stand beside its successor: the counts of both are told as one.
    for (const [name, same] of Map.groupBy(modules, ({ name }) => name)) {
      const sum = (of: (metrics: ModuleNumbers['metrics']) => number) => same.reduce((sum, { metrics }) => sum + of(metrics), 0)
      this.#numbers.add(
        'leash_module_errors_total',
        [name],
        sum(({ errors }) => errors),
      )
      this.#numbers.summarize('leash_module_duration_seconds', [name], {
        sum: sum(({ duration }) => duration.total) / 1000,
        count: sum(({ executions }) => executions),
        quantiles: { 0.95: Math.max(...same.map(({ metrics }) => metrics.duration.p95)) / 1000 },
      })
    }
  }

  /** Those first of which the least is left. */
  #readBudgets(budgets: readonly BudgetState[]): void {
    const left = ({ limit, spent, reserved }: BudgetState) => limit - spent - reserved
    for (const state of budgets.toSorted((a, b) => left(a) / a.limit - left(b) / b.limit)) {
      const whose = Object.entries(state.of).map((pair) => pair.join('='))
      const labels = [state.budget, whose.join(','), state.unit]
      this.#numbers.setFirst('leash_budget_limit', labels, state.limit)
      this.#numbers.setFirst('leash_budget_remaining', labels, left(state))
    }
  }

  #readSlos(slos: readonly SloState[]): void {
    const numbers = this.#numbers
    for (const { provider, objective, window, target, attempts, compliance, budgetRemaining } of slos) {
      const labels = [provider, objective, window]
      numbers.set('leash_slo_target', [provider, objective], target)
      numbers.set('leash_slo_attempts', labels, attempts)
      numbers.set('leash_slo_compliance', labels, compliance)
      numbers.set('leash_slo_error_budget_remaining', labels, budgetRemaining)
    }
  }
}

export const names = Object.keys(families) as MetricName[]

const readAnew = names.filter((name) => families[name].type === 'gauge' || name.startsWith('leash_module_'))
const states = { closed: 0, 'half-open': 1, open: 2 } as const

function codeOf(code: string | undefined): string {
  return code === 'aborted' ? 'cancelled' : (code ?? 'ok')
}

/** `cacheWrite1h` is `cache_write_1h`. */
function snake(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`)
}

/** Prometheus waits ten seconds by default. */
const storeMs = 2000

/** Nothing where the store they are kept in fails or is late: all else is to be told just then. */
const inTime = <T>(work: Promise<readonly T[]>): Promise<readonly T[]> =>
  untilStopped(work, { deadline: Date.now() + storeMs }).catch(() => [])
