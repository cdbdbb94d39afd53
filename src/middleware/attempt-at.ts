import type { Attempt, Target } from '../core/call.js'

/** Whether an attempt was made at this target. */
export const isAt = ({ provider, model }: Attempt, target: Target): boolean =>
  provider === target.provider.name && model === target.model
