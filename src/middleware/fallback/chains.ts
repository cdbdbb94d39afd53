/** Which models a call may go on to. */
import type { Call } from '../../core/call.js'
import { kindOf } from '../../protocols/index.js'
import { byModel } from '../by-model.js'

export interface ChainOptions {
  /**
   * Models to go to, by the model that was asked for: its name as the caller wrote it, or `provider/model`. A `*` at the end of
   * a name makes it a group: `claude-*`, `anthropic/*`. The exact name goes before a group, the longer group before the shorter.
   */
  readonly models?: Readonly<Record<string, readonly string[]>>
  /** For the chat models that `models` does not name. Not for embeddings: vectors of another model do not compare. */
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
