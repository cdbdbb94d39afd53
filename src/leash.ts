export type { PriceEntries, PriceEntry } from './catalog/prices/entry.js'
export type { PricesOptions } from './catalog/prices/open.js'
export type { RelayOptions } from './control/control.js'
export type { BudgetEvent, BudgetState, BudgetUnit } from './core/budget.js'
export type {
  Attempt,
  Call,
  CallOptions,
  Chosen,
  Cost,
  CostSoFar,
  Estimate,
  Here,
  Loss,
  Move,
  Origin,
  Preference,
  Report,
  Result,
  SlowStream,
  Source,
  StreamResult,
  Target,
  Timeouts,
  UnaryResult,
  Would,
} from './core/call.js'
export { withBody } from './core/call.js'
export type { LeashEvents, PolicyEvent } from './core/emitter.js'
export { type ErrorCode, isLeashError, LeashError, type LeashErrorOptions, type UpstreamFailure } from './core/errors.js'
export type { ExperimentState, Goal, VariantState } from './core/experiment.js'
export type { BreakerChange, BreakerReason, BreakerState, Health, Probe, ProviderHealth, TargetHealth } from './core/health.js'
export type { Json, JsonObject } from './core/json.js'
export type { LedgerLine, LedgerSink } from './core/ledger.js'
export type { Middleware, Next } from './core/middleware.js'
export type { Nano } from './core/money.js'
export type { HttpRequest, KeyInUse, KeyState, ProbeRequest, Provider, Traits, WireRequest } from './core/provider.js'
export type { SloObjective, SloState, SloWindow } from './core/slo.js'
export type { Transport } from './core/transport.js'
export type { Usage } from './core/usage.js'
export type { CustomPattern, Detection, DetectOptions, EntityType } from './detect/types.js'
export type { EstimateOptions } from './estimate.js'
export { reportOf } from './fetch.js'
export type { Handle, HandleOptions, HandlerOptions } from './handler.js'
export type { HealthOptions, ProbeOptions } from './health.js'
export type { Dimension, UsageQuery, UsageRow } from './ledger/fold.js'
export type { LedgerOptions } from './ledger/ledger.js'
export type { AccessOptions, AccessRule } from './middleware/access.js'
export type { Budget, BudgetQuery, BudgetWebhook } from './middleware/budget/options.js'
export type { CacheOptions } from './middleware/cache/options.js'
export type { WarmCall, Warmed, WarmOptions } from './middleware/cache/warm.js'
export type { CacheStats } from './middleware/cache.js'
export type { BreakerOptions } from './middleware/circuit-breaker/options.js'
export type { CoalesceOptions } from './middleware/coalesce.js'
export type { ConcurrencyOptions } from './middleware/concurrency.js'
export type { Trigger } from './middleware/fallback/triggers.js'
export type { FallbackOptions } from './middleware/fallback.js'
export type { HeadersOption } from './middleware/headers.js'
export type { HedgeOptions } from './middleware/hedge.js'
export type { MetricsOptions } from './middleware/metrics/options.js'
export type { Mirrored, MirrorOptions, MirrorPair } from './middleware/mirror.js'
export type { TelemetryOptions } from './middleware/otel/options.js'
export type { PaceOptions } from './middleware/pace.js'
export type { RateLimit, Subject } from './middleware/rate-limit/options.js'
export type { AnswerMode, EntityModes, RedactMode, RedactOptions } from './middleware/redact/options.js'
export type { ResumeOptions } from './middleware/resume.js'
export { exponential, type RetryOptions, type RetryPolicy } from './middleware/retry.js'
export type { Condition, Conditions, ExperimentOptions, Route, Routes, RouteTarget } from './middleware/route/options.js'
export type { Embedder, Nearest, SemanticCacheOptions, VectorIndex } from './middleware/semantic-cache/options.js'
export type { SemanticCacheStats } from './middleware/semantic-cache.js'
export type { ShadowLimits } from './middleware/shadow/options.js'
export type { Slo, SloOptions } from './middleware/slo/options.js'
export type { TimeoutOptions } from './middleware/timeout.js'
export type { LeashModules } from './modules/registry.js'
export type { ModuleStatus } from './modules/slot.js'
export type { ObserveOptions } from './observers.js'
export type { LeashCache } from './open-cache.js'
export { createLeash, type Leash, type LeashOptions } from './open-leash.js'
export { type PromptValue, type PromptVariables, prompt } from './prompt.js'
export type { CountTokens, TokensOption } from './protocols/tokens.js'
export { type AnthropicOptions, anthropic } from './providers/anthropic.js'
export type { AwsCredentials } from './providers/auth/aws.js'
export { type AzureOptions, azure } from './providers/azure.js'
export { type BedrockOptions, bedrock } from './providers/bedrock.js'
export type { Env } from './providers/env.js'
export { type GoogleOptions, google } from './providers/google.js'
export { type OpenAIOptions, openai } from './providers/openai.js'
export { type OpenAICompatibleOptions, openaiCompatible } from './providers/openai-compatible.js'
export type { ApiKey, ApiKeys, KeyEntry, KeysOptions, ProviderOptions, TraitsOf } from './providers/options.js'
export { type PresetName, preset } from './providers/presets.js'
export type { ProvidersOptions } from './providers/registry.js'
export { secretFile } from './providers/secret-file.js'
export { type VertexOptions, vertex } from './providers/vertex.js'
export { type Readiness, readiness } from './readiness.js'
export type { Layer, ShadowOptions, StackOptions } from './stack.js'
