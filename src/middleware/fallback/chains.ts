/** Which models a call may go on to. */
import type { Call } from '../../core/call.js'
import { kindOf } from '../../protocols/index.js'
import { byModel } from '../by-model.js'

export interface ChainOptions {
  /**
   * Models to try, for each model that may be asked for: its name as the caller writes it, or `provider/model`. A `*` at the end
   * matches a group of names: `claude-*`, `anthropic/*`. The exact name wins, then the longest group.
   */
  readonly models?: Readonly<Record<string, readonly string[]>>
  /** For all other chat models. Not for embeddings: vectors of two models cannot be compared. */
  readonly default?: readonly string[]
}

const none: readonly string[] = []

export function chainsOf({ models = {}, default: others = none }: ChainOptions): (call: Call) => readonly string[] {
  const named = byModel(models)

  return function chainOf(call) {
    const { fallback } = call.options
    if (fallback !== undefined) return fallback || none
    return named(call) ?? (kindOf(call.protocol) === 'chat' ? others : none)
  }
}
