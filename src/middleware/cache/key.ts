/** Which calls get the same answer: everything that could make a difference to it is equal. */
import { type Call, textOf } from '../../core/call.js'
import { keyHeaders } from '../../core/key-headers.js'
import type { MaybePromise } from '../../core/store.js'
import { hasEffects } from '../../protocols/effects.js'
import { byModel } from '../by-model.js'
import { tellingHeaders } from '../telling-headers.js'
import { canonical, type Ignored, ignoredBy } from './canonical.js'
import { digest } from './digest.js'
import type { CacheOptions } from './options.js'
import { type Known, RecentKeys } from './recent-keys.js'

/** Who is asking. A tenant has many keys, which change; without one, every key is somebody of its own. */
const isCredential: ReadonlySet<string> = new Set([...keyHeaders, 'x-amz-security-token', 'cookie', 'proxy-authorization'])

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

  /**
   * @returns undefined when the call may not be answered twice by one answer, or cannot be compared, because its body is nested
   * too deeply or holds what JSON cannot
   */
  of(call: Call): MaybePromise<Known | undefined> {
    const text = textOf(call)
    const around = aroundOf(call, this.#familyOf(call))
    const known = text === undefined ? undefined : this.#recent.get(around, text)
    if (known) return known
    const written = hasEffects(call.protocol, call.body) ? undefined : this.#written(call)
    if (written === undefined) return undefined
    const hash = digest(`${around.length}:${around}${written}${text === undefined ? '' : longNumbersIn(text)}`)
    return hash instanceof Promise ? hash.then((hash) => this.#noted(call, around, hash)) : this.#noted(call, around, hash)
  }

  #noted(call: Call, around: string, hash: string): Known {
    const text = textOf(call)
    const known: Known = { key: spaceOf(call.options.tenant) + hash }
    if (text !== undefined) this.#recent.set(around, text, known)
    return known
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

/** Numbers that JavaScript rounds, as ids of 64 bits: they are read as the same, and leave as they were written. */
export function longNumbersIn(text: string): string {
  const long = text.match(/(?<=[:[,]\s*)-?\d[\d.]{15,}(?:e[+-]?\d+)?/gi) ?? []
  return long
    .filter((number) => String(Number(number)) !== number)
    .sort()
    .join()
}

/** All that a body does not say. Each part has its length in front, so that no part runs into the next. */
function aroundOf(call: Call, family: string | undefined): string {
  const { options, protocol, stream, remote, headers } = call
  const { tenant, strict, prefer } = options
  const whose = tenant === undefined ? '' : `tenant ${tenant}`
  const how = `${protocol} ${stream} ${remote} ${strict} ${prefer}`
  const who = family === undefined ? `${part(call.model)}${targetsOf(call)}` : `family ${family}`
  return part(whose) + part(how) + part(who) + part(originOf(call, family)) + written(tellingHeaders(Object.entries(headers)))
}

function part(text: string): string {
  return `${text.length}:${text}`
}

/** A name for a model may lead elsewhere tomorrow. */
function targetsOf({ target }: Call): string {
  if (!target.route) return part(target.provider.name) + part(target.model)
  return target.route.targets.map(({ provider, model }) => part(provider.name) + part(model)).join('')
}

/** Where the caller's SDK was sending it, and in whose name. */
function originOf({ target, here, options }: Call, family: string | undefined): string {
  if (!here || !(target.origin ?? target.route)) return ''
  const { url, headers, isVendor } = here
  const place = part(family === undefined ? url : new URL(url).host)
  const own = options.tenant === undefined
  // A server of the caller's own may go by any of them.
  if (!isVendor) return place + written(tellingHeaders([...headers]).filter(([name]) => own || !isCredential.has(name)))
  return own ? place + written(tellingHeaders(keyHeaders.flatMap((name) => credential(headers, name)))) : place
}

function credential(headers: Headers, name: string): readonly [string, string][] {
  const value = headers.get(name)
  return value === null ? [] : [[name, value]]
}

function written(headers: readonly (readonly [string, string])[]): string {
  let all = ''
  for (const [name, value] of headers) all += part(name) + part(value)
  return all
}
