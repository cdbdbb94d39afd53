/** The option `apiKey`, where it is a list. */
import { LeashError } from '../core/errors.js'
import { isObject } from '../core/json.js'
import { Lazy } from '../core/lazy.js'
import type { KeyInUse, KeyState } from '../core/provider.js'
import { type Credential, checkedKey, readKey } from './credentials.js'
import type { HeaderMap } from './headers.js'
import type { ApiKey, ApiKeys, KeyEntry, KeysOptions } from './options.js'
import type { KeySource } from './pool-key.js'

export interface Keys {
  take(model: string): Promise<{ readonly headers: HeaderMap; readonly key: KeyInUse }>
  states(): readonly KeyState[]
}

/** The pool that the options ask for; undefined where there is one key at most. @throws LeashError `invalid_config` */
export function keysOf(provider: string, credentials: readonly Credential[], options?: KeysOptions): Keys | undefined {
  const checked = checkedOptions(provider, options)
  for (const { given, option, headers } of credentials) {
    if (!isList(given)) continue
    const refuse: Refuse = (what) => new LeashError('invalid_config', `\`${option}\` of "${provider}" ${what}`)
    if (given.length === 0) throw refuse('is a list without a key. Give it one, or leave the option out.')
    const keys = given.map((entry, index) => makeKey(entry, index, option, provider, refuse))
    const names = keys.map(({ name }) => name)
    if (new Set(names).size < names.length) throw refuse('calls two keys by one name. Give each its own.')
    const pool = new Lazy(async () => new (await import('./key-pool.js')).KeyPool(provider, keys, checked))
    return {
      states: () => pool.value?.states() ?? keys.map(({ name }) => ({ name, state: 'ready', uses: 0 })),
      async take(model) {
        const { secret, key } = await (pool.value ?? (await pool.get())).take(model)
        return { headers: headers(secret), key }
      },
    }
  }
  return undefined
}

export function isList(given: ApiKeys | undefined): given is readonly (ApiKey | KeyEntry)[] {
  return Array.isArray(given)
}

type Refuse = (what: string) => LeashError

function makeKey(entry: ApiKey | KeyEntry, index: number, option: string, provider: string, refuse: Refuse): KeySource {
  const place = `holds at place ${index + 1}`
  const pooled: KeyEntry = typeof entry === 'object' && entry !== null ? entry : { key: entry }
  const { key, name = `key ${index + 1}`, weight = 1 } = pooled
  if (typeof key !== 'function' && (typeof key !== 'string' || key.trim() === ''))
    throw refuse(`${place} no key. Write a string that is not blank, a function that gives one, or { key, name, weight }.`)
  // Names stand in reports and logs.
  if (typeof name !== 'string' || name.trim() === '' || name.length > 100 || name === key)
    throw refuse(`${place} a \`name\` that will not do. Use a short text that is not the key.`)
  if (!(weight > 0) || !Number.isFinite(weight)) throw refuse(`${place} a \`weight\` that is no number above 0.`)
  if (typeof key === 'function') return { name, weight, read: () => readKey(key, option, provider), changes: true }
  checkedKey(key, provider)
  return { name, weight, read: () => key, changes: false }
}

function checkedOptions(provider: string, options: KeysOptions = {}): KeysOptions {
  const refuse: Refuse = (what) => new LeashError('invalid_config', `\`keys\` of "${provider}" ${what}`)
  const given: unknown = options
  if (!isObject(given)) throw refuse('says how several keys share the calls. Give the keys themselves as `apiKey`.')
  const { strategy, cooldownMs, disableMs, ...strange } = options
  const [unknown] = Object.keys(strange)
  if (unknown !== undefined) throw refuse(`has an unknown option \`${unknown}\`. Known: strategy, cooldownMs, disableMs.`)
  if (strategy !== undefined && strategy !== 'weighted' && strategy !== 'least-used')
    throw refuse('has an unknown `strategy`. Write weighted or least-used.')
  for (const ms of [cooldownMs, disableMs])
    if (ms !== undefined && !(ms >= 0)) throw refuse('takes `cooldownMs` and `disableMs` in milliseconds, from 0 up.')
  return options
}
