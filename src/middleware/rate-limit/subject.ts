/** Whom and what a limit holds for, and what calls are told apart by. */
import type { Call } from '../../core/call.js'
import { among, lower, shortName, spellings } from '../spellings.js'
import type { RateLimit, Subject } from './options.js'

type When = RateLimit['when']

interface Named {
  readonly name?: string
  readonly by?: Subject | readonly Subject[]
  readonly per: string | number
  readonly shared?: boolean
  readonly when?: When
}

/** Whether a limit holds for a call, by the names of its model: the caller's and the target's, however they are written. */
export function matching(when: When = {}): (call: Call, names?: readonly string[]) => boolean {
  const rule = (patterns: string | readonly string[] | undefined) => (patterns === undefined ? undefined : among(patterns))
  const models = rule(when.models && [when.models].flat().map(lower))
  const tenants = rule(when.tenants)
  const providers = rule(when.providers)
  return (call, names) => {
    const { model, target, options } = call
    const ofModel = () => names?.map(lower) ?? [lower(model), ...spellings(target.model, target.provider.name)]
    return (
      (models?.(ofModel()) ?? true) &&
      (tenants?.([options.tenant ?? '']) ?? true) &&
      (providers?.([target.provider.name]) ?? true)
    )
  }
}

/** Of limits or budgets, for each its own: the one that was given, or what it says. */
export function namesOf(limits: readonly Named[]): string[] {
  const taken = new Set<string>()
  return limits.map((limit) => {
    const first = limit.name ?? nameOf(limit)
    let name = first
    for (let count = 2; taken.has(name); count++) name = `${first} (${count})`
    taken.add(name)
    return name
  })
}

/** The same in every process that was given the same limit, whatever stands before it in the list. */
function nameOf({ by = 'tenant', per, shared, when }: Named): string {
  const where = Object.entries(when ?? {}).flatMap(([what, names]) => [what, ...[names].flat()])
  return [...[by].flat(), ...(shared ? ['shared'] : []), ...where, 'per', per].join(' ')
}

/** As much of a call as tells what it counts as. */
export interface Party extends Pick<Call, 'model' | 'options'> {
  readonly target: { readonly provider: { readonly name: string }; readonly model: string }
}

/** What a call counts as. */
export function valueIn(subject: Subject, { model, target, options }: Party): string {
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
      return shortName(model)
    default:
      return options.tags?.[subject.slice('tag:'.length)] ?? ''
  }
}
