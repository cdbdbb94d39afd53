/** Whom and what a limit holds for, and what calls are told apart by. */
import type { Call } from '../../core/call.js'
import { lower, shortName, spellings } from '../spellings.js'
import type { RateLimit, Subject } from './options.js'

type When = RateLimit['when']

interface Named {
  readonly per: string | number
  readonly shared?: boolean
  readonly when?: When
}

/** Whether a limit holds for a call, by the names of its model: the caller's and the target's, however they are written. */
export function matching(when: When = {}): (call: Call, names?: readonly string[]) => boolean {
  const models = when.models === undefined ? undefined : matcher([when.models].flat().map(lower))
  const tenants = matcher(when.tenants)
  const providers = matcher(when.providers)
  return (call, names) => {
    const { model, target, options } = call
    const named = () => names ?? [model, ...spellings(target.model, target.provider.name)]
    return (
      (models === undefined || models(...named().map(lower))) && tenants(options.tenant ?? '') && providers(target.provider.name)
    )
  }
}

/** The same in every process that was given the same limit, whatever stands before it in the list. */
export function nameOf({ per, shared, when }: Named, subjects: readonly Subject[]): string {
  const where = Object.entries(when ?? {}).flatMap(([what, names]) => [what, ...[names].flat()])
  return [...subjects, ...(shared ? ['shared'] : []), ...where, 'per', per].join(' ')
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

function matcher(patterns: string | readonly string[] | undefined): (...names: string[]) => boolean {
  if (patterns === undefined) return () => true
  const all = [patterns].flat()
  return (...names) =>
    all.some((pattern) =>
      names.some((name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)),
    )
}
