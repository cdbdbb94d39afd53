/** The configuration in force: what the relay was given, and over it what the administration has changed. */
import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
import { checkRelayOptions, type RelayOptions } from './config.js'
import { type ConfigChange, changesOf, hasHidden, hidden } from './diff.js'

/** What the administration may change while the relay runs. Nothing of it is a vendor's key. */
export const changeable = ['policy', 'staleMs', 'whenStale', 'throttle', 'cors'] as const

export type ConfigLayer = Pick<RelayOptions, (typeof changeable)[number]>

/** What holds from the start to the end. */
export const fixed = ['host', 'port', 'workers', 'folder', 'database', 'redis', 'pepper', 'oidc', 'jobs'] as const
const fixedLimits = ['headerBytes', 'headersMs', 'requestMs'] as const

/** Told before anything changes. One that throws keeps it from changing: those told before it are told to go back. */
export type SettingsListener = (now: RelayOptions, before: RelayOptions, change: SettingsChange) => void

export interface SettingsChange {
  /** Whether they were read anew, and so what files hold that they name. */
  readonly anew: boolean
}

export interface Given {
  readonly changes: readonly ConfigChange[]
  readonly ignored: readonly string[]
  readonly overruled: readonly string[]
}

export class Settings {
  #given: RelayOptions
  #layer: ConfigLayer = {}
  readonly #listeners: SettingsListener[] = []

  /** @throws LeashError `invalid_config` */
  constructor(given: RelayOptions) {
    this.#given = checkRelayOptions(given)
  }

  get now(): RelayOptions {
    return { ...this.#given, ...this.#layer }
  }

  /** Without what the administration has changed. */
  get given(): RelayOptions {
    return this.#given
  }

  get layer(): ConfigLayer {
    return this.#layer
  }

  onChange(listener: SettingsListener): void {
    this.#listeners.push(listener)
  }

  /**
   * Puts what was read anew in the place of what was given before.
   *
   * @returns what has changed, and the names of what did not: because it cannot, or because the administration has set it otherwise
   * @throws LeashError `invalid_config`, and everything stays as it was
   */
  give(next: RelayOptions): Given {
    const checked = checkRelayOptions(next)
    const kept = [...fixed, ...(doorOf(checked) === doorOf(this.#given) ? [] : (['tls'] as const))]
    const limits = keeping(this.#given.limits ?? {}, checked.limits ?? {}, fixedLimits)
    const given = keeping(this.#given, { ...checked, ...((checked.limits ?? this.#given.limits) && { limits }) }, kept)
    const ignored = [
      ...kept.filter((name) => changesOf(this.#given[name], checked[name]).length > 0),
      ...fixedLimits.filter((name) => this.#given.limits?.[name] !== checked.limits?.[name]).map((name) => `limits.${name}`),
    ]
    const overruled = changeable.filter((name) => name in this.#layer && changesOf(this.#given[name], checked[name]).length > 0)
    const changes = this.#swap(given, this.#layer, { anew: true })
    return { changes, ignored, overruled }
  }

  /** @throws LeashError `invalid_config`, and everything stays as it was */
  change(layer: ConfigLayer): ConfigChange[] {
    return this.#swap(this.#given, layer, { anew: false })
  }

  /** What would change. @throws LeashError `invalid_config` */
  changesBy(layer: ConfigLayer): ConfigChange[] {
    return changesOf(this.now, checkRelayOptions({ ...this.#given, ...layer }))
  }

  #swap(given: RelayOptions, layer: ConfigLayer, change: SettingsChange): ConfigChange[] {
    const [before, now] = [this.now, checkRelayOptions({ ...given, ...layer })]
    const told: SettingsListener[] = []
    try {
      for (const listener of this.#listeners) {
        listener(now, before, change)
        told.push(listener)
      }
    } catch (error) {
      for (const listener of told) listener(before, now, change)
      throw error
    }
    this.#given = given
    this.#layer = layer
    return changesOf(before, now)
  }
}

/** A server takes another certificate or authority while it runs, and goes on asking clients for theirs, or not, as it began. */
const doorOf = ({ tls }: RelayOptions) => (tls ? (tls.clientCa === undefined ? 'tls' : 'mtls') : 'plain')

/** The next, but for what stays as it is. */
function keeping<T extends object, N extends keyof T>(now: T, next: T, names: readonly N[]): T {
  const kept = { ...next }
  for (const name of names) {
    if (now[name] === undefined) delete kept[name]
    else kept[name] = now[name]
  }
  return kept
}

/** @throws LeashError `invalid_config` for what is not to be changed while the relay runs, or is no configuration */
export function checkLayer(value: unknown): ConfigLayer {
  if (!isObject(value)) throw new LeashError('invalid_config', 'A configuration is an object.')
  const stranger = Object.keys(value).find((name) => !changeable.some((known) => known === name))
  if (stranger !== undefined)
    throw new LeashError(
      'invalid_config',
      `\`${stranger.slice(0, 100)}\` is not to be changed here. To be changed here: ${changeable.join(', ')}. The rest is in the relay's file.`,
    )
  if (hasHidden(value)) throw new LeashError('invalid_config', `Write what belongs in the place of \`${hidden}\`.`)
  return checkRelayOptions(value)
}
