import type { Call, Preference } from '../../core/call.js'
import type { Goal } from '../../core/experiment.js'

/** Your names for models: each stands for one `provider/model`, or for several to choose from. */
export type Routes = Readonly<Record<string, string | Route>>

/**
 * Several targets under one name. One is chosen for each call among those that can take it: the one that `prefer` says;
 * else by weight, where a weight, `sticky` or `experiment` is given; else the first.
 */
export interface Route {
  readonly targets: readonly (string | RouteTarget)[]
  /** A call's own `prefer` wins. */
  readonly prefer?: Preference | undefined
  /** Whoever has the same user, tenant or tag always gets the same target. A call without it is drawn by itself. */
  readonly sticky?: 'user' | 'tenant' | `tag:${string}` | undefined
  /** Measures the targets against each other. */
  readonly experiment?: ExperimentOptions | undefined
  /** When the chosen target cannot answer, the others are tried: see docs/middleware/fallback.md. @defaultValue false */
  readonly fallback?: boolean | undefined
}

/** Of its targets, each as `provider/model`. */
export const modelsIn = (route: string | Route): string[] =>
  typeof route === 'string' ? [route] : route.targets.map((target) => (typeof target === 'string' ? target : target.model))

export interface RouteTarget {
  /** `provider/model` */
  readonly model: string
  /** Its share of the calls, against the weights of the others. 0: none. @defaultValue 1 */
  readonly weight?: number | undefined
  /** How good its answers are, on a scale of your own, for `prefer: 'quality'`. */
  readonly quality?: number | undefined
  /** The calls that it takes. @defaultValue every call that it can serve, as far as its capabilities are known */
  readonly when?: Condition | undefined
}

export type Condition = Conditions | ((call: Call) => boolean)

/** All that are given must hold. `true`: only calls that have it; `false`: only calls that do not. */
export interface Conditions {
  readonly tools?: boolean
  readonly images?: boolean
  readonly audio?: boolean
  readonly files?: boolean
  /** The answer is held to a JSON Schema. */
  readonly structuredOutput?: boolean
  readonly stream?: boolean
  /** By estimate, all texts of the request together. */
  readonly minInputTokens?: number
  readonly maxInputTokens?: number
  readonly tenants?: readonly string[]
  readonly users?: readonly string[]
  /** By name: the tag's value, or those that it may have. */
  readonly tags?: Readonly<Record<string, string | readonly string[]>>
}

export interface ExperimentOptions {
  /** Another name deals subjects anew. @defaultValue the route's name */
  readonly name?: string | undefined
  /** Without one the variants are only measured. */
  readonly goal?: Goal | undefined
  /** Measurements of every variant before the first comparison. @defaultValue 100 */
  readonly minimumSample?: number | undefined
  /** How sure it must be that the winner is better. @defaultValue 0.95 */
  readonly confidence?: number | undefined
  /** Once there is a winner, all calls go to it. @defaultValue false */
  readonly automatic?: boolean | undefined
}
