import type { Call, Preference } from '../../core/call.js'
import { Experiment } from './experiment.js'
import type { Route, RouteTarget } from './options.js'

/** A route with several targets, made ready to choose from. Members by index are those of its targets. */
export interface Group {
  readonly name: string
  readonly targets: readonly RouteTarget[]
  /** As `provider/model`. */
  readonly names: readonly string[]
  /** What tells them apart: a model may stand there twice, under different conditions. */
  readonly keys: readonly string[]
  readonly weights: readonly number[]
  readonly qualities: readonly (number | undefined)[]
  readonly prefer: Preference | undefined
  /** They share the calls by weight. */
  readonly weighted: boolean
  readonly sticky: Sticky | undefined
  readonly experiment: Experiment | undefined
  readonly fallback: boolean
}

interface Sticky {
  readonly what: string
  of(call: Call): string | undefined
}

export function groupOf(name: string, { targets: given, prefer, sticky, experiment, fallback = false }: Route): Group {
  const targets = given.map((target) => (typeof target === 'string' ? { model: target } : target))
  const names = targets.map(({ model }) => model)
  const weights = targets.map(({ weight = 1 }) => weight)
  return {
    name,
    targets,
    names,
    keys: names.map((model, index) => (names.indexOf(model) === index ? model : `${model}#${index}`)),
    weights,
    qualities: targets.map(({ quality }) => quality),
    prefer,
    weighted: sticky !== undefined || experiment !== undefined || targets.some(({ weight }) => weight !== undefined),
    sticky: sticky && stickyTo(sticky),
    experiment: experiment && new Experiment(name, experiment, names, weights),
    fallback,
  }
}

function stickyTo(to: NonNullable<Route['sticky']>): Sticky {
  if (to === 'user') return { what: 'user', of: ({ options }) => options.user }
  if (to === 'tenant') return { what: 'tenant', of: ({ options }) => options.tenant }
  const tag = to.slice('tag:'.length)
  return { what: `tag ${tag}`, of: ({ options }) => options.tags?.[tag] }
}
