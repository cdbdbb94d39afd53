/** Where the configuration comes from: a file, and the environment over it. Flags come over both, and code says what it likes. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readAs } from '../../config/read-as.js'
import { LeashError } from '../../core/errors.js'
import { isObject, type Members } from '../../core/json.js'
import { checkRelayOptions, type RelayOptions, relayShape } from './config.js'
import { readYaml } from './yaml.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that come before the file. */
const variables: Readonly<Record<string, keyof RelayOptions>> = {
  LEASH_RELAY_HOST: 'host',
  LEASH_RELAY_PORT: 'port',
  LEASH_RELAY_WORKERS: 'workers',
  LEASH_RELAY_FOLDER: 'folder',
  LEASH_RELAY_PEPPER: 'pepper',
  LEASH_RELAY_METRICS: 'metrics',
  DATABASE_URL: 'database',
  REDIS_URL: 'redis',
}

/**
 * `${NAME}` stands for a variable of the environment, `${NAME:-text}` has a text for where it is not set, and
 * `{ file: path }` for what a file says, its path being seen from the configuration's own folder, as is the folder of modules.
 *
 * @param path of YAML or JSON; absent: the environment alone
 * @throws LeashError `invalid_config`
 */
export function readConfig(path: string | undefined, env: Environment = process.env): RelayOptions {
  const file = path === undefined ? {} : filled(readYaml(path) ?? {}, { env, folder: dirname(resolve(path)) })
  return checkRelayOptions(isObject(file) ? readAs({ ...file, ...fromEnvironment(env) }, relayShape) : file)
}

function fromEnvironment(env: Environment): Record<string, string> {
  const given = Object.entries(variables).flatMap(([variable, name]) => {
    const value = env[variable]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return Object.fromEntries(given)
}

interface Sources {
  readonly env: Environment
  readonly folder: string
}

function filled(value: unknown, sources: Sources): unknown {
  if (typeof value === 'string') return substituted(value, sources)
  if (Array.isArray(value)) return value.map((item) => filled(item, sources))
  if (!isObject(value)) return value
  const file = secretFile(value)
  return file === undefined ? within(value, sources) : secretIn(resolve(sources.folder, file))
}

function within(value: Members, sources: Sources): Record<string, unknown> {
  const beside = typeof value.integrity === 'string' && { folder: resolve(sources.folder, String(value.folder ?? 'modules')) }
  return Object.fromEntries(
    Object.entries({ ...value, ...beside }).map(([name, member]) => {
      // Its `file` is one to write.
      const isLedger = name === 'ledger' && isObject(member)
      return [name, isLedger ? within(member, sources) : filled(member, sources)]
    }),
  )
}

/** A file of its own for each secret: `{ file: /run/secrets/openai }`. */
const secretFile = (value: Members): string | undefined =>
  typeof value.file === 'string' && Object.keys(value).length === 1 ? value.file : undefined

function substituted(text: string, { env }: Sources): string {
  return text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, usual: string | undefined) => {
    const value = env[name] || usual
    if (value !== undefined) return value
    throw new LeashError('invalid_config', `The variable ${name} is not set. Set it, or write \`\${${name}:-a default}\`.`)
  })
}

function secretIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new LeashError('invalid_config', `The secret's file ${path} cannot be read.`, { cause })
  }
}
