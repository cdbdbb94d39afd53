import type { Call } from '../core/call.js'
import { type ServiceTier, serviceTierOf } from '../core/price.js'
import { protocolAtHand } from './index.js'

type Asking = Pick<Call, 'protocol' | 'body'>

/** How a call asks to be served, in the vendor's word. */
export function askedTier({ protocol, body }: Asking): string | undefined {
  return protocolAtHand(protocol)?.lens.tier?.(body)
}

/** By which a call may be charged the most: who asks for less than the standard tier may be served in that none the less. */
export function dearestTier(call: Asking): ServiceTier {
  const asked = serviceTierOf(askedTier(call))
  return asked === 'priority' || asked === 'fast' ? asked : 'standard'
}

/** Whether a call asks to be answered in a region. */
export function asksForRegion({ protocol, body }: Asking): boolean {
  return protocolAtHand(protocol)?.lens.regional?.(body) ?? false
}
