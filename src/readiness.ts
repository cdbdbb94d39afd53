import { configuredProviders, type ProvidersOptions } from './providers/registry.js'

export interface Readiness {
  readonly provider: string
  readonly ready: boolean
  /** What to do before it is, as an instruction. */
  readonly missing?: string
  /** Given options or a key, and not merely in need of none. */
  readonly configured: boolean
}

/** Which providers could take a call now. Nothing is sent. */
export function readiness(options: ProvidersOptions = {}): Readiness[] {
  const registry = configuredProviders(options)
  return registry.names().map((provider) => {
    const missing = registry.get(provider)?.missing()
    return {
      provider,
      ready: missing === undefined,
      configured: registry.isConfigured(provider),
      ...(missing !== undefined && { missing }),
    }
  })
}
