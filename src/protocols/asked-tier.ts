import type { Call } from '../core/call.js'
import { type ServiceTier, serviceTierOf } from '../core/price.js'
import { protocolAtHand } from './index.js'

/** How a call asks to be served, in the vendor's word. */
export function askedTier({ protocol, body }: Pick<Call, 'protocol' | 'body'>): string | undefined {
  return protocolAtHand(protocol)?.lens.tier?.(body)
}

/** By which a call may be charged the most: who asks for less than the standard tier may be served in that none the less. */
export function dearestTier(call: Pick<Call, 'protocol' | 'body'>): ServiceTier {
  return serviceTierOf(askedTier(call)) === 'priority' ? 'priority' : 'standard'
}
