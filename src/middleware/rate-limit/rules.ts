/** The limits as they were written, made into what a call is asked. */
import type { Call } from '../../core/call.js'
import { parseUsd } from '../../core/money.js'
import type { Algorithm } from '../../core/store.js'
import { periods, type RateLimit } from './options.js'
import { matching, nameOf, valueIn } from './subject.js'

export const units = ['requests', 'tokens', 'usd'] as const
export type Unit = (typeof units)[number]

interface Bound {
  readonly unit: Unit
  readonly limit: number
  /** Of its keys in the store: what stands before the subject. */
  readonly prefix: string
}

export interface Rule {
  readonly name: string
  readonly algorithm: Algorithm
  readonly windowMs: number
  /** As it was written, for people. */
  readonly per: string
  readonly waitMs: number
  /** US dollars as nano-dollars. */
  readonly limits: readonly Bound[]
  /** Whether one of them is of what must be counted. */
  readonly counts: boolean
  holds(call: Call): boolean
  /** In the store, by who or what the call counts as: one for each limit. */
  keys(call: Call): readonly string[]
}

export function rulesOf(written: readonly RateLimit[]): readonly Rule[] {
  const taken = new Set<string>()
  return written.map((limit) => {
    const usual = limit.name ?? nameOf(limit, [limit.by ?? 'tenant'].flat())
    let name = usual
    for (let count = 2; taken.has(name); count++) name = `${usual} (${count})`
    taken.add(name)
    return ruleOf(name, limit)
  })
}

function ruleOf(name: string, written: RateLimit): Rule {
  const { limit, per, algorithm = 'token-bucket', by = 'tenant', shared = false, when, waitMs = 0 } = written
  const subjects = [by].flat()
  const limits = units.flatMap((unit) => {
    const given = limit[unit]
    const prefix = `${JSON.stringify([name, unit]).slice(0, -1)},`
    return given === undefined ? [] : [{ unit, limit: unit === 'usd' ? parseUsd(given) : given, prefix }]
  })
  return {
    name,
    algorithm,
    windowMs: typeof per === 'number' ? per : periods[per],
    per: typeof per === 'number' ? `${per} ms` : per,
    waitMs,
    limits,
    counts: limits.some(({ unit }) => unit !== 'requests'),
    holds: matching(when),
    keys: keeping(
      (call) => [shared ? '' : (call.options.tenant ?? ''), ...subjects.map((subject) => valueIn(subject, call))],
      limits.map(({ prefix }) => prefix),
    ),
  }
}

/** Most calls count as the last one did, and the very same key is found faster than an equal one. */
function keeping(valuesOf: (call: Call) => readonly string[], prefixes: readonly string[]): Rule['keys'] {
  let last: readonly string[] | undefined
  let keys: readonly string[] = []
  return (call) => {
    const values = valuesOf(call)
    if (last?.every((value, at) => value === values[at])) return keys
    const subject = JSON.stringify(values).slice(1)
    last = values
    keys = prefixes.map((prefix) => prefix + subject)
    return keys
  }
}
