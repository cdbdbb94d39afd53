/** `/v1/{provider}/…`: a vendor's own API, as far as it goes. */
import type { Target } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import { onceFor } from '../../core/once-for.js'
import { protocolsAt } from '../../core/target.js'
import type { LeashInside, LeashOptions } from '../../open-leash.js'
import { configuredProviders } from '../../providers/registry.js'

export interface RawPath {
  readonly provider: string
  /** At the vendor, with a slash in front. */
  readonly path: string
}

const providerNames = onceFor(
  ({ providers }: LeashOptions): ReadonlySet<string> => new Set(configuredProviders(providers).names()),
)

/** What vendors' own protocols begin with below `/v1`: a provider of such a name is reached by `provider/model` alone. */
const reserved = ['chat', 'completions', 'responses', 'embeddings', 'messages', 'models', 'projects', 'publishers']

/** @param options what the relay's own calls are made with: they may have providers of their own */
export function rawPath(pathname: string, options: LeashOptions): RawPath | undefined {
  if (!pathname.startsWith('/v1/')) return undefined
  const slash = pathname.indexOf('/', 4)
  const provider = pathname.slice(4, slash)
  if (slash === -1 || slash === pathname.length - 1 || reserved.includes(provider) || !providerNames(options).has(provider))
    return undefined
  return { provider, path: pathname.slice(slash) }
}

/** No vendor's address is longer. */
const longest = 4096

/**
 * The same path, spelt in the one way that both we and the vendor read alike: what need not be escaped is not.
 *
 * @throws LeashError `invalid_request` for one that a server may take for another
 */
export function plainPath(path: string): string {
  const plain = path.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return /[\w~:.-]/.test(character) ? character : escaped.toUpperCase()
  })
  const odd = /\/\/|\\|%(?:2F|5C|25|7F|[01][0-9A-F])|%(?![0-9A-F]{2})|[^\x21-\x7e]/.test(plain)
  const climbs = plain.split('/').some((segment) => segment === '.' || segment === '..')
  if (!odd && !climbs && plain.startsWith('/') && plain.length <= longest) return plain
  throw new LeashError(
    'invalid_request',
    'The path cannot be passed on: write it without empty parts, `..`, escaped slashes or escaped signs of percent.',
  )
}

const version = /^v\d+(?:(?:alpha|beta)\d*)?$/

/**
 * An address below a base URL. Where both name a version of the API, the path's own takes the place of the base's: SDKs differ in
 * which of the two has it.
 */
export function addressAt(base: string, path: string): string {
  const [first = ''] = path.slice(1).split('/', 1)
  const front = base.replace(/\/+$/, '')
  const last = front.slice(front.lastIndexOf('/') + 1)
  return (version.test(first) && version.test(last) ? front.slice(0, -last.length - 1) : front) + path
}

/**
 * Where a call to this provider goes: there, whatever its model is called elsewhere.
 *
 * @throws LeashError `not_found` without a key for it, `unsupported` for a protocol that is not the vendor's own
 */
export function targetAt(inside: LeashInside, name: string): (model: string, protocol: string) => Target {
  return (model, protocol) => {
    const provider = inside.provider(name)
    if (!provider) throw new LeashError('not_found', `The relay has no key for the provider "${name}".`)
    const target = { provider, model }
    if (protocolsAt(target).includes(protocol)) return target
    throw new LeashError(
      'unsupported',
      `"${name}" is not called in this way. Send the call to the relay's own address, which translates it.`,
    )
  }
}
