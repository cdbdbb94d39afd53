/** What `leash.health()` tells, and what `leash.breaker()` does. */
import { LeashError } from './core/errors.js'
import type { Health, ProviderHealth } from './core/health.js'
import type { Lazy } from './core/lazy.js'
import type { Breaker } from './middleware/circuit-breaker/breaker.js'
import type { Providers } from './providers/registry.js'

export function healthOf(registry: Providers, own: readonly string[], breaker: Breaker | undefined): Health {
  const names = registry.names().filter((name) => own.includes(name) || registry.isConfigured(name))
  return { targets: breaker?.health() ?? [], providers: names.map((name) => providerHealth(name, registry)) }
}

function providerHealth(name: string, registry: Providers): ProviderHealth {
  const provider = registry.get(name)
  const missing = provider?.missing()
  const keys = provider?.keys?.()
  return { name, ready: missing === undefined, ...(missing !== undefined && { missing }), ...(keys && { keys }) }
}

/** @param name `provider/model`, or a provider */
export async function holdBreaker(
  name: string,
  state: 'open' | 'closed' | 'auto',
  registry: Providers,
  breaker: Lazy<Breaker> | undefined,
): Promise<void> {
  if (!breaker) throw new LeashError('invalid_config', 'This leash has no circuit breaker: `circuitBreaker` is false.')
  if (!['open', 'closed', 'auto'].includes(state))
    throw new LeashError('invalid_config', 'A breaker is held `open` or `closed`, or left to itself with `auto`.')
  const [provider = ''] = name.split('/', 1)
  if (!registry.has(provider))
    throw new LeashError(
      'invalid_config',
      `"${name.slice(0, 100)}" names no provider. Write it as "provider/model", or as a provider.`,
    )
  ;(await breaker.get()).hold(name, state)
}
