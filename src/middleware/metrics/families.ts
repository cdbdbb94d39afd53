/** Every metric that `leash.metrics()` tells: docs/observability.md has the same table, and a test holds them to each other. */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
  readonly labels: readonly string[]
  /** What workers of a cluster do with their numbers to tell one. @defaultValue 'sum' */
  readonly together?: 'sum' | 'max' | 'min' | 'average'
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[]
}

const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

export const families = {
  leash_requests_total: {
    type: 'counter',
    help: 'Calls that have ended. code is ok, cancelled, or that of the failure.',
    labels: ['provider', 'model', 'operation', 'code'],
  },
  leash_request_duration_seconds: {
    type: 'histogram',
    help: 'How long calls take, including waiting, retries and the whole stream.',
    labels: ['provider', 'model'],
    buckets: seconds,
  },
  leash_time_to_first_chunk_seconds: {
    type: 'histogram',
    help: 'Time until the first content of a stream.',
    labels: ['provider', 'model'],
    buckets: seconds,
  },
  leash_active_requests: { type: 'gauge', help: 'Calls in progress.', labels: [] },
  leash_oldest_request_seconds: {
    type: 'gauge',
    together: 'max',
    help: 'Age of the oldest call in progress.',
    labels: [],
  },
  leash_tokens_total: {
    type: 'counter',
    help: 'Tokens of all attempts. The types do not overlap.',
    labels: ['provider', 'model', 'type'],
  },
  leash_cost_usd_total: {
    type: 'counter',
    help: 'US dollars that attempts cost, as far as prices are known.',
    labels: ['provider', 'model'],
  },
  leash_cost_unknown_total: { type: 'counter', help: 'Attempts whose price is not known.', labels: ['provider', 'model'] },
  leash_tenant_requests_total: { type: 'counter', help: 'Calls that have ended, by tenant.', labels: ['tenant', 'code'] },
  leash_tenant_cost_usd_total: { type: 'counter', help: 'US dollars that calls cost, by tenant.', labels: ['tenant'] },
  leash_attempts_total: {
    type: 'counter',
    help: 'Requests to providers. code is ok, cancelled, or that of the failure.',
    labels: ['provider', 'model', 'code'],
  },
  leash_provider_latency_seconds: {
    type: 'histogram',
    help: "Time until a provider's answer, or until the first content of its stream.",
    labels: ['provider'],
    buckets: seconds,
  },
  leash_retries_total: { type: 'counter', help: 'Further attempts at the same target, by the failure before.', labels: ['code'] },
  leash_hedged_total: { type: 'counter', help: 'Attempts beside one that was late.', labels: ['provider'] },
  leash_fallbacks_total: { type: 'counter', help: 'Calls that moved on to another target.', labels: ['from', 'to', 'code'] },
  leash_resumed_total: { type: 'counter', help: 'Streams that broke off and were continued.', labels: ['to', 'how'] },
  leash_coalesced_total: { type: 'counter', help: 'Calls that shared the answer of another.', labels: [] },
  leash_cache_requests_total: { type: 'counter', help: 'Calls that asked the cache.', labels: ['result'] },
  leash_cache_saved_usd_total: { type: 'counter', help: 'US dollars saved by answers from the cache.', labels: [] },
  leash_rate_limited_total: {
    type: 'counter',
    help: 'Calls and attempts refused by a rate limit, of the leash or of a provider.',
    labels: ['by'],
  },
  leash_policy_violations_total: { type: 'counter', help: 'Calls blocked by a guard.', labels: ['guard', 'direction'] },
  leash_detections_total: {
    type: 'counter',
    help: 'Personal data and secrets that were found, by what was done about them.',
    labels: ['type', 'action', 'direction'],
  },
  leash_guard_failures_total: { type: 'counter', help: 'Guards that failed before they had checked.', labels: ['guard'] },
  leash_module_duration_seconds: {
    type: 'summary',
    help: 'How long the functions of a module take; the quantile is of the last 256 runs.',
    labels: ['module'],
  },
  leash_module_errors_total: {
    type: 'counter',
    help: 'Runs of a module that threw, were too slow, or returned something invalid.',
    labels: ['module'],
  },
  leash_breaker_state: { type: 'gauge', together: 'max', help: '0: closed, 1: half-open, 2: open.', labels: ['target'] },
  leash_breaker_changes_total: { type: 'counter', help: 'Changes of circuit breakers.', labels: ['target', 'to'] },
  leash_provider_ready: {
    type: 'gauge',
    together: 'min',
    help: '1 if nothing is missing for a call, such as a key.',
    labels: ['provider'],
  },
  leash_provider_up: { type: 'gauge', together: 'min', help: '1 if the last probe was answered.', labels: ['provider'] },
  leash_budget_limit: {
    type: 'gauge',
    together: 'max',
    help: 'The limit of a budget, in its unit.',
    labels: ['budget', 'of', 'unit'],
  },
  leash_budget_remaining: {
    type: 'gauge',
    together: 'min',
    help: 'What is neither spent nor set aside of a budget.',
    labels: ['budget', 'of', 'unit'],
  },
  leash_slo_target: {
    type: 'gauge',
    together: 'max',
    help: 'The share of attempts that must be good.',
    labels: ['provider', 'objective'],
  },
  leash_slo_attempts: {
    type: 'gauge',
    help: 'Attempts that count for the objective.',
    labels: ['provider', 'objective', 'window'],
  },
  leash_slo_compliance: {
    type: 'gauge',
    together: 'average',
    help: 'The share of attempts that were good.',
    labels: ['provider', 'objective', 'window'],
  },
  leash_slo_error_budget_remaining: {
    type: 'gauge',
    together: 'average',
    help: 'What is left of the errors that the target allows, as a share of them.',
    labels: ['provider', 'objective', 'window'],
  },
  leash_warnings_total: { type: 'counter', help: 'Problems that no caller is told of.', labels: [] },
} as const satisfies Readonly<Record<string, Family>>

export type MetricName = keyof typeof families
