/** A leash under the policy of a relay. Loaded by the first call, which waits until it is known what it is to hold to. */

import type { Control } from './control/control.js'
import type { PolicyBundle } from './control/wire.js'
import { messageOf } from './core/errors.js'
import type { Lazy } from './core/lazy.js'
import type { Engine, Rule } from './engine.js'
import type { LeashOptions } from './open-leash.js'
import { closeParts, openParts, type Parts, type Shared } from './parts.js'
import { checkPolicy, underPolicy } from './policy.js'

export interface Governed {
  /** Those of the leash's own options until there is a policy. */
  parts: Parts
}

export interface Governing {
  readonly engine: Engine
  readonly shared: Shared
  readonly now: Governed
  /** What the leash was made with. */
  readonly own: LeashOptions
}

/** Puts the engine under the relay's policy, and under each one that follows. */
export async function govern(control: Lazy<Control>, { engine, shared, now, own }: Governing): Promise<void> {
  const relay = await control.get()
  const adopt = (bundle: PolicyBundle) => {
    const before = now.parts
    const options = underPolicy(own, checkPolicy(bundle.policy), before.options)
    now.parts = openParts(options, shared, before)
    engine.adopt(options, now.parts, ruleOf(bundle, relay))
    void closeParts(before, now.parts)
  }
  adopt(await relay.ready())
  relay.onPolicy((bundle) => {
    try {
      adopt(bundle)
    } catch (error) {
      const why = messageOf(error)
      shared.emitter.emit('warning', { message: `The relay's policy ${bundle.revision} was not taken up: ${why}` })
    }
  })
}

function ruleOf({ tenant, user, key }: PolicyBundle, relay: Control): Rule {
  const identity = relay.binds ? { tenant, key, ...(user !== undefined && { user }) } : {}
  return { identity, check: () => relay.check() }
}
