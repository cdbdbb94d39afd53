/** What the routes of the gateway have in common. */
import type { Serving } from '../gateway/gateway.js'
import { usualBodyBytes } from '../http/options.js'
import { type Caller, callerOf } from '../people/caller.js'
import type { RelayContext } from './context.js'

/** Of one request. */
export const mostBytes = ({ settings }: Pick<RelayContext, 'settings'>): number =>
  settings.now.limits?.bodyBytes ?? usualBodyBytes

export interface Opened {
  readonly caller: Caller
  readonly serving: Serving
}

/** Who asks, and what its calls are made with. */
export async function openedFor(
  { callers, gateway }: Pick<RelayContext, 'callers' | 'gateway'>,
  headers: Headers,
  scope: 'call' | 'admin' = 'call',
): Promise<Opened> {
  const caller = await callerOf(callers, headers, scope)
  return { caller, serving: await gateway.serving(caller) }
}
