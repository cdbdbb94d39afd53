import type { Call } from '../core/call.js'
import { protocolAtHand } from './index.js'

/** How a call asks to be served, in the vendor's word. */
export function askedTier({ protocol, body }: Pick<Call, 'protocol' | 'body'>): string | undefined {
  return protocolAtHand(protocol)?.lens.tier?.(body)
}
