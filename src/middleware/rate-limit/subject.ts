/** Whom and what a limit holds for, and what calls are told apart by. */
import type { Call } from '../../core/call.js'
import { targetKey } from '../../core/target.js'
import type { RateLimit, Subject } from './options.js'

type When = RateLimit['when']

interface Named {
  readonly per: string | number
  readonly shared?: boolean
  readonly when?: When
}

/** Whether a limit holds for a call, by the names of its model: the caller's and the target's. */
export function matching(when: When = {}): (call: Call, names?: readonly string[]) => boolean {
  const models = matcher(when.models)
  const tenants = matcher(when.tenants)
  const providers = matcher(when.providers)
  return ({ model, target, options }, names = [model, target.model, targetKey(target.provider.name, target.model)]) =>
    models(...names) && tenants(options.tenant ?? '') && providers(target.provider.name)
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
