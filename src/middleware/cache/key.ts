/** Which calls get the same answer: everything that could make a difference to it is equal. */
import type { Call } from '../../core/call.js'
import type { MaybePromise } from '../../core/store.js'
import { byModel } from '../by-model.js'
import { tellingHeaders } from '../telling-headers.js'
import { canonical, type Ignored, ignoredBy } from './canonical.js'
import { digest } from './digest.js'
import type { CacheOptions } from './options.js'
import { RecentKeys } from './recent-keys.js'

/** Who is asking. A tenant has many keys, which change; without one, every key is somebody of its own. */
const credentials = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'openai-organization', 'openai-project']
const isCredential: ReadonlySet<string> = new Set([...credentials, 'x-amz-security-token', 'cookie', 'proxy-authorization'])

/** Changes with what is kept, so that one release does not read what another wrote. */
const version = 1

/** Of texts whose key is remembered. */
const recentBytes = 16 * 1024 * 1024

/** What all keys of a tenant begin with; without one, those of calls that have none. */
export function spaceOf(tenant: string | undefined): string {
  return `${everything}${tenant === undefined ? '' : `.${encodeURIComponent(tenant.toWellFormed())}`}:`
}

export const everything = `cache:${version}:`

export class Keys {
  readonly #ignored: Ignored
  readonly #familyOf: (call: Call) => string | undefined
  readonly #recent: RecentKeys

  constructor({ ignore = [], family = {}, maxBytes = Number.POSITIVE_INFINITY }: CacheOptions) {
    this.#ignored = ignoredBy(ignore)
    this.#familyOf = byModel(family)
    this.#recent = new RecentKeys(Math.min(recentBytes, maxBytes / 4))
  }

  /** @returns undefined when the call cannot be compared, because its body is nested too deeply or holds what JSON cannot */
  of(call: Call): MaybePromise<string | undefined> {
    const { text } = call
    const around = aroundOf(call, this.#familyOf(call))
    const known = text === undefined ? undefined : this.#recent.get(around, text)
    if (known !== undefined) return known
    const written = this.#written(call)
    if (written === undefined) return undefined
    const hash = digest(`${around.length}:${around}${written}`)
    const space = spaceOf(call.options.tenant)
    return hash instanceof Promise
      ? hash.then((hash) => this.#noted(call, around, space + hash))
      : this.#noted(call, around, space + hash)
  }

  #noted({ text }: Call, around: string, key: string): string {
    if (text !== undefined) this.#recent.set(around, text, key)
    return key
  }

  #written({ body, model, stream }: Call): string | undefined {
    // Both stand around the body too, also where the vendor has them in the address.
    const { model: named, stream: streamed, ...rest } = body
    const odd = { ...(named !== model && { model: named }), ...(streamed !== stream && streamed && { stream: streamed }) }
    try {
      return canonical({ ...rest, ...odd }, this.#ignored)
    } catch {
      return undefined
    }
  }
}

function aroundOf(call: Call, family: string | undefined): string {
  const { options, protocol, stream, remote, headers } = call
  return JSON.stringify([
    options.tenant,
    protocol,
    stream,
    remote,
    options.strict,
    options.prefer,
    tellingHeaders(Object.entries(headers)),
    family === undefined ? [call.model, targetsOf(call)] : [family],
    originOf(call, family),
  ])
}

/** A name for a model may lead elsewhere tomorrow. */
function targetsOf({ target }: Call): string[] {
  return (target.route?.targets ?? [target]).flatMap(({ provider, model }) => [provider.name, model])
}

/** Where the caller's SDK was sending it, and in whose name. */
function originOf({ target, here, options }: Call, family: string | undefined): unknown {
  if (!here || !(target.origin ?? target.route)) return undefined
  const { url, headers, isVendor } = here
  const place = family === undefined ? url : new URL(url).host
  const own = options.tenant === undefined
  if (isVendor) return [place, own && tellingHeaders(credentials.flatMap((name) => credential(headers, name)))]
  // A server of the caller's own may go by any of them.
  return [place, tellingHeaders([...headers]).filter(([name]) => own || !isCredential.has(name))]
}

function credential(headers: Headers, name: string): [string, string][] {
  const value = headers.get(name)
  return value === null ? [] : [[name, value]]
}
