import type { Target } from '../core/call.js'
import type { CapabilitiesOf } from '../core/capabilities.js'
import type { Emitter } from '../core/emitter.js'
import type { Lazy } from '../core/lazy.js'
import type { Middleware } from '../core/middleware.js'
import type { PriceBook } from '../core/price.js'
import type { Find } from '../core/target.js'
import { type ChainOptions, chainsOf } from './fallback/chains.js'
import type { Trigger } from './fallback/triggers.js'
import { Walk } from './fallback/walk.js'

export interface FallbackOptions extends ChainOptions {
  /** Which failures lead to the next target. @defaultValue those after which another target may succeed: docs/middleware/fallback.md */
  readonly on?: Trigger | undefined
  /** Also go on when an answer is a refusal, or was cut by the vendor's filter; a stream only before its first word. Both answers are paid for. @defaultValue false */
  readonly refusals?: boolean | undefined
}

export interface FallbackDeps {
  readonly emitter: Emitter
  readonly find: Find
  /** What is known of a target's model, in tokens. Asked for only when something was too long, or must not cost too much. */
  readonly capabilities?: Lazy<CapabilitiesOf>
  readonly prices?: Lazy<PriceBook>
  /** Whether a call there would be refused for what others have met. */
  readonly isDown?: (target: Target) => boolean
  /** Where to go when all of these targets are down. */
  readonly leastBad?: (targets: () => readonly Target[]) => Target | undefined
}

/**
 * Goes to another target when one cannot answer. A stream falls back only before its first content: after that the caller
 * has read part of an answer.
 */
export function fallback(options: FallbackOptions | readonly string[] = {}, deps: FallbackDeps): Middleware {
  const rules: FallbackOptions = isList(options) ? { default: options } : options
  const chainOf = chainsOf(rules)
  return (next) =>
    function fallback(call) {
      const models = chainOf(call)
      return models.length === 0 ? next(call) : new Walk(call, models, rules, deps).run(next)
    }
}

function isList(options: FallbackOptions | readonly string[]): options is readonly string[] {
  return Array.isArray(options)
}
