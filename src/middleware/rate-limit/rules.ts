/** The limits as they were written, made into what a call is asked. */
import type { Call } from '../../core/call.js'
import { parseUsd } from '../../core/money.js'
import type { Algorithm } from '../../core/store.js'
import { periods, type RateLimit, type Subject } from './options.js'

export const units = ['requests', 'tokens', 'usd'] as const
export type Unit = (typeof units)[number]

export interface Rule {
  readonly name: string
  readonly algorithm: Algorithm
  readonly windowMs: number
  /** As it was written, for people. */
  readonly per: string
  readonly waitMs: number
  /** US dollars as nano-dollars. */
  readonly limits: readonly { readonly unit: Unit; readonly limit: number }[]
  holds(call: Call): boolean
  /** Who or what the call counts as. */
  subject(call: Call): readonly string[]
}

export function rulesOf(written: readonly RateLimit[]): readonly Rule[] {
  const taken = new Set<string>()
  return written.map((limit) => {
    const rule = ruleOf(limit)
    let { name } = rule
    for (let count = 2; taken.has(name); count++) name = `${rule.name} (${count})`
    taken.add(name)
    return { ...rule, name }
  })
}

function ruleOf(written: RateLimit): Rule {
  const { limit, per, algorithm = 'token-bucket', by = 'tenant', shared = false, when = {}, waitMs = 0 } = written
  const subjects = [by].flat()
  const models = matcher(when.models)
  const tenants = matcher(when.tenants)
  const providers = matcher(when.providers)
  return {
    name: written.name ?? nameOf(written, subjects),
    algorithm,
    windowMs: typeof per === 'number' ? per : periods[per],
    per: typeof per === 'number' ? `${per} ms` : per,
    waitMs,
    limits: units.flatMap((unit) => {
      const given = limit[unit]
      return given === undefined ? [] : [{ unit, limit: unit === 'usd' ? parseUsd(given) : given }]
    }),
    holds: ({ model, target, options }) =>
      models(model, target.model, `${target.provider.name}/${target.model}`) &&
      tenants(options.tenant ?? '') &&
      providers(target.provider.name),
    subject: (call) => [shared ? '' : (call.options.tenant ?? ''), ...subjects.map((subject) => read(subject, call))],
  }
}

/** The same in every process that was given the same limit, whatever stands before it in the list. */
function nameOf({ per, shared, when }: RateLimit, subjects: readonly Subject[]): string {
  const where = Object.entries(when ?? {}).flatMap(([what, names]) => [what, ...[names].flat()])
  return [...subjects, ...(shared ? ['shared'] : []), ...where, 'per', per].join(' ')
}

function read(subject: Subject, { model, target, options }: Call): string {
  switch (subject) {
    // Stands in front already, unless it is one count for all.
    case 'tenant':
      return ''
    case 'user':
      return options.user ?? ''
    case 'key':
      return options.key ?? ''
    case 'provider':
      return target.provider.name
    case 'model':
      return model
    default:
      return options.tags?.[subject.slice('tag:'.length)] ?? ''
  }
}

function matcher(patterns: string | readonly string[] | undefined): (...names: string[]) => boolean {
  if (patterns === undefined) return () => true
  const all = [patterns].flat()
  return (...names) =>
    all.some((pattern) =>
      names.some((name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)),
    )
}
