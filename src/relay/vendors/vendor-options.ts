/** Providers with a tenant's own keys: everything by which the relay would pay, or say who it is, is left out of them. */
import { isObject, type Members } from '../../core/json.js'
import { configuredProviders, type ProvidersOptions } from '../../providers/registry.js'
import type { KeysByProvider } from './vendor-keys.js'

/** Where a provider is and what it can do, which a key of another does not change. */
const kept = [
  'type',
  'baseURL',
  'endpoint',
  'resource',
  'deployment',
  'apiVersion',
  'region',
  'location',
  'protocols',
  'traits',
  'idempotencyHeader',
] as const

const places = /_(BASE_URL|ENDPOINT|API_VERSION|REGION|LOCATION)$/

export function withVendorKeys(providers: ProvidersOptions = {}, keys: KeysByProvider): ProvidersOptions {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => places.test(name)))
  const own = Object.entries(keys).map(([name, apiKey]) => {
    const given: Members = isObject(providers[name]) ? { ...providers[name] } : {}
    const same = Object.fromEntries(kept.flatMap((member) => (given[member] === undefined ? [] : [[member, given[member]]])))
    return [name, { ...same, apiKey, env }]
  })
  return { ...providers, ...Object.fromEntries(own) }
}

/** Whether a key may be brought for it: it is there, and no object of the relay's own making, whose key cannot be changed. */
export function takesKey(providers: ProvidersOptions = {}, name: string): boolean {
  const given: unknown = Object.hasOwn(providers, name) ? providers[name] : undefined
  if (isObject(given) && typeof given.prepare === 'function') return false
  return configuredProviders(providers).has(name)
}
