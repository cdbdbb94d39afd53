import type { BudgetState } from '../../core/budget.js'
import type { Attempt, Call } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import type { Health } from '../../core/health.js'
import { usdOf } from '../../core/money.js'
import type { SloState } from '../../core/slo.js'
import { buckets } from '../../core/usage.js'
import { kindOf } from '../../protocols/index.js'
import type { Observer, Seen, Watch } from '../observe/observe.js'
import { families, type MetricName } from './families.js'
import { Registry } from './registry.js'

/** What is read when somebody asks for the metrics. */
export interface MetricsSources {
  health(): Health
  budgets(): Promise<readonly BudgetState[]>
  slos(): readonly SloState[]
}

/** As Prometheus counts: from the start of the process, and never back. */
export class Metrics implements Observer {
  readonly #sources: MetricsSources
  readonly #numbers = new Registry<MetricName>(families)
  /** When each call under way has begun. The oldest comes first. */
  readonly #active = new Map<Call, number>()

  constructor(emitter: Emitter, sources: MetricsSources) {
    this.#sources = sources
    this.#listen(emitter)
  }

  begin(call: Call): Watch {
    this.#active.set(call, performance.now())
    return { end: (seen) => this.#ended(call, seen) }
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const numbers = this.#numbers
    const [oldest] = this.#active.values()
    numbers.set('leash_active_requests', [], this.#active.size)
    numbers.set('leash_oldest_request_seconds', [], oldest === undefined ? 0 : (performance.now() - oldest) / 1000)
    this.#readHealth(this.#sources.health())
    this.#readBudgets(await this.#sources.budgets())
    this.#readSlos(this.#sources.slos())
    return numbers.text()
  }

  #ended(call: Call, { ending, durationMs, firstChunkMs }: Seen): void {
    const { report, target, options } = call
    this.#active.delete(call)
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
    if (options.tenant === undefined) return
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

  #readHealth({ targets, providers }: Health): void {
    const numbers = this.#numbers
    for (const name of ['leash_breaker_state', 'leash_provider_ready', 'leash_provider_up'] as const) numbers.clear(name)
    for (const { target, state } of targets) numbers.set('leash_breaker_state', [target], states[state])
    for (const { name, ready, probe } of providers) {
      numbers.set('leash_provider_ready', [name], Number(ready))
      if (probe) numbers.set('leash_provider_up', [name], Number(probe.ok))
    }
  }

  #readBudgets(budgets: readonly BudgetState[]): void {
    const numbers = this.#numbers
    for (const name of ['leash_budget_limit', 'leash_budget_remaining'] as const) numbers.clear(name)
    for (const { budget, of, unit, limit, spent, reserved } of budgets) {
      const whose = Object.entries(of).map((pair) => pair.join('='))
      const labels = [budget, whose.join(','), unit]
      numbers.set('leash_budget_limit', labels, limit)
      numbers.set('leash_budget_remaining', labels, limit - spent - reserved)
    }
  }

  #readSlos(slos: readonly SloState[]): void {
    const numbers = this.#numbers
    for (const { provider, objective, window, target, compliance, budgetRemaining } of slos) {
      numbers.set('leash_slo_target', [provider, objective], target)
      numbers.set('leash_slo_compliance', [provider, objective, window], compliance)
      numbers.set('leash_slo_error_budget_remaining', [provider, objective, window], budgetRemaining)
    }
  }
}

const states = { closed: 0, 'half-open': 1, open: 2 } as const

function codeOf(code: string | undefined): string {
  return code === 'aborted' ? 'cancelled' : (code ?? 'ok')
}

/** `cacheWrite1h` is `cache_write_1h`. */
function snake(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`)
}
