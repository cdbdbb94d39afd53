/** `leash.yaml`: the options of a leash, and the relay's own beside them. */
import { checkOptions, optionsSchema } from '../../config/schema.js'
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, isObject, type JsonObject, type Members } from '../../core/json.js'
import * as z from '../../core/shape.js'
import { checkReady } from '../../modules/ready.js'
import type { LeashOptions } from '../../open-leash.js'
import { checkPolicy, type Policy, policyMembers } from '../../policy.js'
import { type ClickHouseOptions, clickHouseShape } from '../clickhouse/options.js'
import { type ServerOptions, serverShapes } from '../http/options.js'
import { type JobsOptions, jobsShape } from '../jobs/options.js'
import { type OidcOptions, oidcShape } from '../people/oidc-options.js'
import { type ReportOptions, reportShapes } from '../webhooks/report-options.js'

export interface RelayOptions extends ServerOptions, ReportOptions {
  /** Where to listen. Other machines reach it only on an address of this one, such as `0.0.0.0`. @defaultValue '127.0.0.1' */
  readonly host?: string
  /** @defaultValue 4000 */
  readonly port?: number
  /** Processes that share the port. More than one needs `leash relay`. @defaultValue 1 */
  readonly workers?: number
  /** Holds the relay's own keys, and its database where there is no other. @defaultValue '.leash' */
  readonly folder?: string
  /** Of a Postgres, `postgres://…`, which several relays may share. Needs the package `pg`. @defaultValue SQLite in the folder */
  readonly database?: string
  /** Has every line of usage as well, beside the database. */
  readonly clickhouse?: ClickHouseOptions
  /** Of a Redis, `redis://…`, by which relays of one database share limits and caches and hear of changes at once. Needs the package `ioredis`. */
  readonly redis?: string
  /** What virtual keys are hashed with: at least 32 characters, the same for all relays of one database. @defaultValue a file in the folder */
  readonly pepper?: string
  /** Whoever has signed in at this identity provider may come in, as what its groups make him. */
  readonly oidc?: OidcOptions
  /** Of tenants that have none of their own. @defaultValue one that refuses nothing */
  readonly policy?: Policy
  /** Milliseconds that clients may go on by their policy without hearing from the relay. @defaultValue 86400000 (a day) */
  readonly staleMs?: number
  /** What clients do after that. @defaultValue 'closed' */
  readonly whenStale?: 'open' | 'closed'
  /** Calls that nobody waits for: how many run and wait at once, and how long they are kept. */
  readonly jobs?: JobsOptions
  /** What the relay's own calls are made with: providers, retries, timeouts … */
  readonly leash?: LeashOptions
}

/** It may come of a variable that was meant for another program: so what it has to be is said. */
const address = (pattern: RegExp, like: string) =>
  z.string().check((value: string) => (pattern.test(value) ? undefined : `must be like ${like}`))

const members = {
  host: z.optional(z.string().check(z.minLength(1))),
  port: z.optional(z.int().check(z.minimum(0), z.maximum(65535))),
  workers: z.optional(z.int().check(z.minimum(1), z.maximum(256))),
  folder: z.optional(z.string().check(z.minLength(1))),
  database: z.optional(address(/^postgres(ql)?:\/\//, 'postgres://user:password@host:5432/name, here or in DATABASE_URL')),
  clickhouse: z.optional(clickHouseShape),
  redis: z.optional(address(/^rediss?:\/\//, 'redis://host:6379, here or in REDIS_URL')),
  pepper: z.optional(z.string().check(z.minLength(32))),
  oidc: z.optional(oidcShape),
  jobs: z.optional(jobsShape),
  staleMs: z.optional(z.int().check(z.minimum(1))),
  whenStale: z.optional(z.enum(['open', 'closed'])),
  ...serverShapes,
  ...reportShapes,
}

/** The parts that have a check of their own are passed over here. */
const own = z.strictObject({
  ...members,
  policy: z.optional(z.custom(isObject, 'a policy')),
  leash: z.optional(z.custom(isObject, 'the options of a leash')),
})

/** All of it, for whoever tells it in other words. */
export const relayShape = z.strictObject({
  ...members,
  policy: z.optional(z.strictObject(policyMembers(optionsSchema.members))),
  leash: z.optional(optionsSchema),
})

/** @throws LeashError `invalid_config` that names what is wrong, and shows no value: it may be a key */
export function checkRelayOptions(options: unknown): RelayOptions {
  refuseMisplaced(asObject(options))
  z.refuse(own.faults(options, []))
  const { leash, policy } = asObject(options)
  if (leash !== undefined) {
    checkOptions(leash)
    const { ledger, budgets, relay, modules } = asObject(leash)
    for (const given of asArray(modules)) if (isObject(given) && 'use' in given) checkReady(given as JsonObject)
    if (ledger === false)
      throw new LeashError('invalid_config', 'A relay counts what its calls cost. Leave out `leash.ledger: false`.')
    if (budgets !== undefined) throw new LeashError('invalid_config', 'Budgets belong to the `policy`, and not to `leash`.')
    if (relay !== undefined)
      throw new LeashError('invalid_config', 'A relay cannot be under another relay. Leave out `leash.relay`.')
  }
  if (policy !== undefined) checkPolicy(policy)
  return asObject(options)
}

/** What a program gives its client stands one step further in here. */
function refuseMisplaced(options: Members): void {
  const name = Object.keys(options).find(
    (given) => !Object.hasOwn(own.members, given) && Object.hasOwn(optionsSchema.members, given),
  )
  if (name === undefined) return
  throw new LeashError('invalid_config', `Write \`${name}\` below \`${name === 'budgets' ? 'policy' : 'leash'}\`.`)
}
