/** `leash.yaml`: the options of a leash, and the relay's own beside them. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { checkOptions } from '../config/schema.js'
import * as z from '../config/shape.js'
import { LeashError } from '../core/errors.js'
import { asObject, isObject } from '../core/json.js'
import type { LeashOptions } from '../leash.js'
import { checkPolicy, type Policy } from '../policy.js'

export interface RelayOptions {
  /** Where to listen. Other machines reach it only on an address of this one, such as `0.0.0.0`. @defaultValue '127.0.0.1' */
  readonly host?: string
  /** @defaultValue 4000 */
  readonly port?: number
  /** Holds the relay's own keys, and its database where there is no other. @defaultValue '.leash' */
  readonly folder?: string
  /** Of a Postgres, `postgres://…`, which several relays may share. Needs the package `pg`. @defaultValue SQLite in the folder */
  readonly database?: string
  /** Of tenants that have none of their own. @defaultValue one that refuses nothing */
  readonly policy?: Policy
  /** Milliseconds that clients may go on by their policy without hearing from the relay. @defaultValue 86400000 (a day) */
  readonly staleMs?: number
  /** What clients do after that. @defaultValue 'closed' */
  readonly whenStale?: 'open' | 'closed'
  /** What the relay's own calls are made with: providers, retries, timeouts … */
  readonly leash?: LeashOptions
}

const own = z.strictObject({
  host: z.optional(z.string().check(z.minLength(1))),
  port: z.optional(z.int().check(z.minimum(0), z.maximum(65535))),
  folder: z.optional(z.string().check(z.minLength(1))),
  database: z.optional(z.string().check(z.regex(/^postgres(ql)?:\/\//))),
  policy: z.optional(z.custom(isObject, 'expected a policy')),
  staleMs: z.optional(z.int().check(z.minimum(1))),
  whenStale: z.optional(z.enum(['open', 'closed'])),
  leash: z.optional(z.custom(isObject, 'expected the options of a leash')),
})

/** @throws LeashError `invalid_config` that names what is wrong, and shows no value: it may be a key */
export function checkRelayOptions(options: unknown): RelayOptions {
  const faults = own.faults(options, [])
  if (faults.length > 0) {
    const said = faults.map(({ path, message, unknown }) =>
      unknown ? message : `\`${path.join('.') || 'options'}\`: ${message}`,
    )
    throw new LeashError('invalid_config', `${said.join('; ')}.`)
  }
  const { leash, policy } = asObject(options)
  if (leash !== undefined) {
    checkOptions(leash)
    const { ledger, budgets, relay } = asObject(leash)
    if (ledger === false)
      throw new LeashError('invalid_config', 'A relay counts what its calls cost. Leave out `leash.ledger: false`.')
    if (budgets !== undefined) throw new LeashError('invalid_config', 'Budgets belong to the `policy`, and not to `leash`.')
    if (relay !== undefined) throw new LeashError('invalid_config', 'A relay is under no other. Leave out `leash.relay`.')
  }
  if (policy !== undefined) checkPolicy(policy)
  return asObject(options)
}

/** A file of its own for each secret: `{ file: /run/secrets/openai }`. */
const secretFile = (value: unknown): string | undefined =>
  isObject(value) && typeof value.file === 'string' && Object.keys(value).length === 1 ? value.file : undefined

/**
 * Reads it. `${NAME}` stands for a variable of the environment, `${NAME:-text}` has a text for where it is not set, and
 * `{ file: path }` for what a file says, its path being seen from the configuration's own folder.
 *
 * @throws LeashError `invalid_config`
 */
export function readConfig(path: string, env: Readonly<Record<string, string | undefined>> = process.env): RelayOptions {
  if (!existsSync(path)) throw new LeashError('invalid_config', `There is no file ${path}.`)
  let parsed: unknown
  try {
    parsed = parse(readFileSync(path, 'utf8'), { maxAliasCount: 100 })
  } catch (cause) {
    throw new LeashError(
      'invalid_config',
      `${path} is no YAML: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : ''}`,
      { cause },
    )
  }
  return checkRelayOptions(filled(parsed ?? {}, { env, folder: dirname(resolve(path)) }))
}

interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
}

function filled(value: unknown, sources: Sources): unknown {
  if (typeof value === 'string') return substituted(value, sources)
  if (Array.isArray(value)) return value.map((item) => filled(item, sources))
  if (!isObject(value)) return value
  const file = secretFile(value)
  if (file !== undefined) return secretIn(resolve(sources.folder, file))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member, sources)]))
}

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
