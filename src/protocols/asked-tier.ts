import type { Call } from '../core/call.js'
import { type ServiceTier, serviceTierOf } from '../core/price.js'
import { protocolsAt } from '../core/target.js'
import { protocolAtHand } from './index.js'

/** A request, and who would be asked. */
export type Asking = Pick<Call, 'protocol' | 'body' | 'target'>

/** How a call asks to be served, in the vendor's word. */
export function askedTier(asking: Asking): string | undefined {
  return protocolAtHand(asking.protocol)?.lens.tier?.(asking.body, crosses(asking))
}

/** By which a call may be charged the most: who asks for less than the standard tier may be served in that none the less. */
export function dearestTier(asking: Asking): ServiceTier {
  const asked = serviceTierOf(askedTier(asking))
  return asked === 'priority' || asked === 'fast' ? asked : 'standard'
}

/** Whether a call asks to be answered in a region: no other protocol has a word for it. */
export function asksForRegion(asking: Asking): boolean {
  return (protocolAtHand(asking.protocol)?.lens.regional?.(asking.body) ?? false) && !crosses(asking)
}

/** The target speaks another protocol than the caller. */
export function crosses({ protocol, target }: Pick<Call, 'protocol' | 'target'>): boolean {
  return !protocolsAt(target).includes(protocol)
}
