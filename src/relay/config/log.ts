/** What the administration has changed of the configuration: versions that are only ever added, the newest of which holds. */
import { LeashError, messageOf } from '../../core/errors.js'
import { isObject, type Json, parseJson } from '../../core/json.js'
import type { Audit } from '../audit/audit.js'
import type { Sql } from '../store/sql.js'
import { type ConfigChange, withoutSecrets } from './diff.js'
import { checkParts } from './parts.js'
import { type ConfigLayer, checkLayer, type Settings } from './settings.js'

export interface ConfigVersion {
  /** 1 and up; 0 is what the relay was started with. */
  readonly version: number
  /** Without secrets. */
  readonly changed: Json
  /** Milliseconds since 1970. */
  readonly at: number
  /** Who wrote it. */
  readonly actor: string
}

export interface ConfigSet {
  readonly version: number
  readonly changes: readonly ConfigChange[]
}

interface Row {
  readonly version: number
  readonly layer: string
  readonly at: number
  readonly actor: string
}

export interface ConfigLogDeps {
  readonly sql: Sql
  readonly audit: Audit
  readonly settings: Settings
  /** Told of what was changed here. */
  readonly told?: () => void
  readonly warn: (message: string) => void
  readonly now?: () => number
}

/** Another relay may have changed it: the database is asked again after so many milliseconds. */
const lookMs = 5000

const mostCharacters = 256 * 1024
const mostShown = 100

export class ConfigLog {
  readonly #deps: ConfigLogDeps
  #version = 0
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(deps: ConfigLogDeps) {
    this.#deps = deps
  }

  /** Takes what holds, and goes on to look for what other relays write. */
  async open(): Promise<void> {
    await this.#look()
    this.#timer = setInterval(() => this.heard(), lookMs)
    this.#timer.unref()
  }

  /** Another relay may have changed it. */
  heard(): void {
    this.#looking = this.#look().catch((error) => this.#deps.warn(`The configuration cannot be read: ${messageOf(error)}`))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  get version(): number {
    return this.#version
  }

  /**
   * @param dry says what it would change, or what is wrong with it, and leaves everything as it is
   * @throws LeashError `invalid_config`; 409 when somebody else was quicker
   */
  async set(value: unknown, actor: string, dry = false): Promise<ConfigSet> {
    return this.#put(checkLayer(value), { actor, action: 'config.set' }, dry)
  }

  /** Puts an older version in force again, as a new one. 0 takes all changes back. @throws LeashError `not_found` */
  async rollback(version: number, actor: string): Promise<ConfigSet> {
    return this.#put(await this.#layerOf(version), { actor, action: 'config.rollback' }, false)
  }

  /** Newest first. */
  async history(): Promise<ConfigVersion[]> {
    const rows = await this.#deps.sql.all<Row>('SELECT * FROM config_versions ORDER BY version DESC LIMIT $1', [mostShown])
    return rows.map(({ version, layer, at, actor }) => ({ version, at, actor, changed: withoutSecrets(parseJson(layer)) }))
  }

  async #put(layer: ConfigLayer, who: { actor: string; action: string }, dry: boolean): Promise<ConfigSet> {
    const { sql, audit, settings, told = () => {}, now = Date.now } = this.#deps
    const text = JSON.stringify(layer)
    if (text.length > mostCharacters)
      throw new LeashError('invalid_config', `It has ${text.length} characters; it may have ${mostCharacters}.`)
    await checkParts(layer.policy)
    await this.#look()
    const version = this.#version + 1
    const changes = settings.changesBy(layer)
    if (dry) return { version, changes }
    await sql.transaction(async (sql) => {
      const added = await sql.run(
        'INSERT INTO config_versions (version, layer, at, actor) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
        [version, text, now(), who.actor],
      )
      if (added === 0)
        throw new LeashError('invalid_request', 'Somebody else has just changed the configuration. Read it again.', {
          status: 409,
        })
      await audit.append({ ...who, detail: { version, members: changes.map(({ path }) => path) } }, sql)
    })
    settings.change(layer)
    this.#version = version
    told()
    return { version, changes }
  }

  async #look(): Promise<void> {
    const [row] = await this.#deps.sql.all<Row>('SELECT * FROM config_versions ORDER BY version DESC LIMIT 1')
    if (!row || row.version <= this.#version) return
    this.#version = row.version
    try {
      this.#deps.settings.change(checkLayer(parseJson(row.layer)))
    } catch (error) {
      this.#deps.warn(`Version ${row.version} of the configuration is not taken: ${messageOf(error)}`)
    }
  }

  async #layerOf(version: number): Promise<ConfigLayer> {
    if (version === 0) return {}
    const [row] = await this.#deps.sql.all<Row>('SELECT * FROM config_versions WHERE version = $1', [version])
    const layer = row && parseJson(row.layer)
    if (!isObject(layer)) throw new LeashError('not_found', `There is no version ${version} of the configuration.`)
    return checkLayer(layer)
  }
}
