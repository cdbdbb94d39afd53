/** What `leash.health()` tells, and what `leash.breaker()` does. */
import { LeashError } from './core/errors.js'
import type { Health, ProviderHealth } from './core/health.js'
import type { Lazy } from './core/lazy.js'
import type { Provider } from './core/provider.js'
import type { Breaker } from './middleware/circuit-breaker/breaker.js'
import type { Probes } from './probes.js'
import type { Providers } from './providers/registry.js'

/** How providers are asked for a sign of life. */
export interface HealthOptions {
  /** Milliseconds from one probe of a provider to the next. @defaultValue 30000 */
  readonly intervalMs?: number | undefined
  /** How long an answer may take, in milliseconds. @defaultValue 5000 */
  readonly timeoutMs?: number | undefined
  /** Which ones are asked, and how. @defaultValue all that are ready */
  readonly providers?: Readonly<Record<string, ProbeOptions>> | undefined
}

export interface ProbeOptions {
  /** Below its base URL, such as `/models`. @defaultValue its list of models */
  readonly path?: string
  readonly intervalMs?: number
}

/** @throws LeashError `invalid_config` for one that cannot be asked */
export function probedProviders({ providers }: HealthOptions, registry: Providers): Provider[] {
  if (!providers) {
    return registry.names().flatMap((name) => {
      const provider = registry.isConfigured(name) ? registry.get(name) : undefined
      return provider?.probe ? [provider] : []
    })
  }
  return Object.keys(providers).map((name) => {
    const provider = registry.get(name)
    if (provider?.probe) return provider
    throw new LeashError(
      'invalid_config',
      provider
        ? `health.providers.${name}: this provider has nothing to be asked for free. Leave it out.`
        : `health.providers.${name.slice(0, 100)} names no provider.`,
    )
  })
}

export function healthOf(registry: Providers, own: readonly string[], breaker?: Breaker, probes?: Probes): Health {
  const providers = registry.names().flatMap((name) => {
    const provider = own.includes(name) || registry.isConfigured(name) ? registry.get(name) : undefined
    return provider ? [providerHealth(name, provider, probes)] : []
  })
  return { targets: breaker?.health() ?? [], providers }
}

function providerHealth(name: string, provider: Provider, probes: Probes | undefined): ProviderHealth {
  const missing = provider.missing()
  const keys = provider.keys?.()
  const probe = probes?.resultOf(provider)
  return {
    name,
    ready: missing === undefined,
    ...(missing !== undefined && { missing }),
    ...(probe && { probe }),
    ...(keys && { keys }),
  }
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
