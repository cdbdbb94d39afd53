/** What most providers have in common: a base URL, a key in a header, and a body of JSON. */
import { LeashError } from '../core/errors.js'
import type { JsonObject } from '../core/json.js'
import type { HttpRequest, KeyInUse, ProbeRequest, Provider, WireRequest } from '../core/provider.js'
import { type BaseUrl, baseUrl } from './base-url.js'
import { authorizer, type Credential, hasCredential, howToGive } from './credentials.js'
import { readEnv } from './env.js'
import { authenticates, checkedHeaders, type HeaderMap } from './headers.js'
import { keysOf } from './keys.js'
import type { ProviderOptions } from './options.js'

export interface EndpointSettings {
  readonly name: string
  readonly options: ProviderOptions
  readonly credentials: readonly Credential[]
  /** The base when neither option nor variable gives one; undefined when it cannot be guessed. */
  readonly base: string | (() => string) | undefined
  /** The variable that gives a base, and how the base is made of it. */
  readonly baseVariable?: { readonly name: string; readonly read?: (value: string) => string } | undefined
  /** The server may want no key. */
  readonly keyless?: boolean
  /** Proves at this address who we are, when no key is given. */
  readonly identity?: (url: string) => Promise<HeaderMap>
}

export interface Addressed {
  readonly path: string
  readonly query?: string
  /** Of this provider, for this request: between the caller's headers and the user's own. */
  readonly headers?: HeaderMap
  /** @defaultValue the request's own */
  readonly body?: JsonObject
}

export interface Endpoint extends Pick<Provider, 'missing' | 'keys' | 'hasKeysFor' | 'idempotencyHeader' | 'inRegion'> {
  /** @throws LeashError `missing_key`, or `invalid_config` for a key or base that cannot be used */
  send(request: WireRequest, addressed: Addressed): HttpRequest | Promise<HttpRequest>
  /** @param path as a user may write it: with or without a slash in front, and with a query */
  get(path: string, headers?: HeaderMap): ProbeRequest | Promise<ProbeRequest>
}

/** https://developers.openai.com/api/docs/guides/data-residency, https://docs.together.ai/docs/serverless/geo-specific-inference */
const regional = /\/\/[a-z]{2}(?:\.api\.openai\.com|-api\.together\.ai)/

type Build<T> = (auth: HeaderMap, key?: KeyInUse) => T

export function endpoint(settings: EndpointSettings): Endpoint {
  const { name, options, credentials, keyless = false, identity } = settings
  const own = checkedHeaders(options.headers, name)
  const { idempotencyHeader: known } = options
  const [idempotencyHeader] = Object.keys(known === undefined ? {} : checkedHeaders({ [known]: '' }, name))
  const proven = authenticates(own)
  const several = keysOf(name, credentials, options.keys)
  const authorize = several ? undefined : authorizer(name, credentials, options.env)
  const keys = proven ? undefined : several
  const needsKey = !keyless && !identity && !proven
  const findBase = baseFinder(settings)
  const noKey = () => howToGive(credentials)

  function authorization(url: string): HeaderMap | Promise<HeaderMap> {
    if (proven) return {}
    const found = authorize?.() ?? identity?.(url)
    if (found === undefined && needsKey) throw new LeashError('missing_key', `There is no key for "${name}". ${noKey()}`)
    return found ?? {}
  }

  function authorized<T>(url: string, model: string, build: Build<T>): T | Promise<T> {
    if (keys) return keys.take(model).then(({ headers, key }) => build(headers, key))
    const auth = authorization(url)
    return auth instanceof Promise ? auth.then((auth) => build(auth)) : build(auth)
  }

  return {
    missing: () => (needsKey && !keys && !hasCredential(credentials, options.env) ? noKey() : undefined),
    send(request, { path, query, headers, body = request.body }) {
      const url = findBase().at(path, query)
      return authorized<HttpRequest>(url, request.model, (auth, key) => ({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...request.headers, ...auth, ...headers, ...own },
        body: body === request.body && request.text !== undefined ? request.text : JSON.stringify(body),
        ...(key && { key }),
      }))
    },
    get(wanted, headers) {
      const [path = '', query] = wanted.replace(/^\/+/, '').split('?', 2)
      const url = findBase().at(path, query)
      return authorized<ProbeRequest>(url, '', (auth, key) => ({
        url,
        headers: { ...auth, ...headers, ...own },
        ...(key && { key }),
      }))
    },
    inRegion: (url = findBase().at('')) => regional.test(url),
    ...(idempotencyHeader && { idempotencyHeader }),
    ...(keys && {
      keys: () => keys.states(),
      hasKeysFor(url) {
        try {
          return findBase().holds(url)
        } catch {
          // There is no base yet. Whoever is asked to send will say so.
          return false
        }
      },
    }),
  }
}

/** A base from the options is checked at once; one from a variable when it is read, and again only when it has changed. */
function baseFinder({ name, options: { baseURL, env }, base, baseVariable }: EndpointSettings): () => BaseUrl {
  if (baseURL !== undefined) {
    const fixed = baseUrl(baseURL, name)
    return () => fixed
  }
  let last: { readonly text: string; readonly url: BaseUrl } | undefined
  return () => {
    const set = baseVariable && readEnv(baseVariable.name, env)
    const text = set ? (baseVariable.read?.(set) ?? set) : typeof base === 'function' ? base() : base
    if (text === undefined) throw new LeashError('invalid_config', `"${name}" has no base URL. Pass \`baseURL\`.`)
    if (last?.text !== text) last = { text, url: baseUrl(text, name) }
    return last.url
  }
}

/** A request in a protocol that the provider never offered. */
export function notSpoken(name: string, protocol: string): LeashError {
  return new LeashError('unsupported', `"${name}" does not speak "${protocol}". Choose another provider for this call.`)
}
