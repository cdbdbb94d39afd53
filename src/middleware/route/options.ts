import type { Call, Preference } from '../../core/call.js'
import type { Goal } from '../../core/experiment.js'

/** Your own names for models: each stands for one `provider/model`, or for several to choose from. */
export type Routes = Readonly<Record<string, string | Route>>

/**
 * Several targets under one name. For each call, one of those that can take it is chosen: by `prefer`; else by weight, if a
 * weight, `sticky` or `experiment` is given; else the first.
 */
export interface Route {
  readonly targets: readonly (string | RouteTarget)[]
  /** A call's own `prefer` wins. */
  readonly prefer?: Preference | undefined
  /** Calls with the same user, tenant or tag always get the same target. For a call without one, a target is drawn anew. */
  readonly sticky?: 'user' | 'tenant' | `tag:${string}` | undefined
  /** Measures the targets against each other. */
  readonly experiment?: ExperimentOptions | undefined
  /** If the chosen target cannot answer, try the others: see docs/middleware/fallback.md. @defaultValue false */
  readonly fallback?: boolean | undefined
}

/** Of its targets, each as `provider/model`. */
export const modelsIn = (route: string | Route): string[] =>
  typeof route === 'string' ? [route] : route.targets.map((target) => (typeof target === 'string' ? target : target.model))

export interface RouteTarget {
  /** `provider/model` */
  readonly model: string
  /** Its share of the calls, relative to the weights of the others. 0: none. @defaultValue 1 */
  readonly weight?: number | undefined
  /** How good its answers are, on your own scale, for `prefer: 'quality'`. */
  readonly quality?: number | undefined
  /** The calls that it takes. @defaultValue every call that it can serve, as far as is known */
  readonly when?: Condition | undefined
}

export type Condition = Conditions | ((call: Call) => boolean)

/** All of them must match. `true`: only calls with it; `false`: only calls without it. */
export interface Conditions {
  readonly tools?: boolean
  readonly images?: boolean
  readonly audio?: boolean
  readonly files?: boolean
  /** The answer must follow a JSON Schema. */
  readonly structuredOutput?: boolean
  readonly stream?: boolean
  /** Estimated from all texts of the request. */
  readonly minInputTokens?: number
  readonly maxInputTokens?: number
  readonly tenants?: readonly string[]
  readonly users?: readonly string[]
  /** By name: the tag's value, or those that it may have. */
  readonly tags?: Readonly<Record<string, string | readonly string[]>>
}

export interface ExperimentOptions {
  /** Changing it distributes users anew. @defaultValue the route's name */
  readonly name?: string | undefined
  /** What makes a winner. Without it, the variants are only measured. */
  readonly goal?: Goal | undefined
  /** Measurements of every variant before the first comparison. @defaultValue 100 */
  readonly minimumSample?: number | undefined
  /** How certain it must be that the winner is better. @defaultValue 0.95 */
  readonly confidence?: number | undefined
  /** Once there is a winner, all calls go to it. @defaultValue false */
  readonly automatic?: boolean | undefined
}
