/** The limits as they were written, made into what a call is asked. */
import type { Call } from '../../core/call.js'
import type { Algorithm } from '../../core/store.js'
import { targetKey } from '../../core/target.js'
import { shortName } from '../spellings.js'
import { periods, type RateLimit, type Subject } from './options.js'
import { matching, namesOf, valueIn } from './subject.js'
import { limitsIn, type Unit } from './units.js'

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
  /** Whether it asks where a call goes. */
  readonly ofTarget: boolean
  /** @param there the call is on its way to its target, and no route will choose another */
  holds(call: Call, there: boolean): boolean
  /** In the store, by who or what the call counts as: one for each limit. */
  keys(call: Call): readonly string[]
}

export function rulesOf(written: readonly RateLimit[]): readonly Rule[] {
  const names = namesOf(written)
  return written.map((limit, at) => ruleOf(names[at] ?? '', limit))
}

function ruleOf(name: string, written: RateLimit): Rule {
  const { limit, per, algorithm = 'token-bucket', by = 'tenant', shared = false, when, waitMs = 0 } = written
  const subjects = [by].flat()
  const limits = limitsIn(limit).map((one) => ({ ...one, prefix: `${JSON.stringify([name, one.unit]).slice(0, -1)},` }))
  const ofProvider = when?.providers !== undefined || subjects.includes('provider') || subjects.includes('model')
  const holds = matching(when)
  return {
    name,
    algorithm,
    windowMs: typeof per === 'number' ? per : periods[per],
    per: typeof per === 'number' ? `${per} ms` : per,
    waitMs,
    limits,
    counts: limits.some(({ unit }) => unit !== 'requests'),
    ofTarget: ofProvider || when?.models !== undefined,
    holds: (call, there) => {
      if (there || call.target.route === undefined) return holds(call)
      // Where a route leads, only the route knows: what is known is the name that the caller wrote.
      return !ofProvider && holds(call, [call.model])
    },
    keys: keeping(
      (call) => [shared ? '' : (call.options.tenant ?? ''), ...subjects.map((subject) => subjectIn(subject, call))],
      limits.map(({ prefix }) => prefix),
    ),
  }
}

/** A model is the same however its name was written, and whoever sends a call there. */
function subjectIn(subject: Subject, call: Call): string {
  const { provider, model } = call.target
  return subject === 'model' ? targetKey(provider.name, shortName(model)) : valueIn(subject, call)
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
