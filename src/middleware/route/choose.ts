/** Which of the targets that can take a call gets it, and why. */
import type { Preference, Target } from '../../core/call.js'
import type { PriceBook } from '../../core/price.js'
import { expected, usd } from './cost.js'
import { assign, draw } from './draw.js'
import type { Group } from './group.js'
import { type Latencies, twoOf } from './latency.js'
import type { Asked } from './request.js'

export interface Choice {
  /** Of the group's targets. */
  readonly index: number
  readonly why: string
  /** The others, in the order in which they come into question. */
  readonly others: readonly number[]
}

export interface ChooseDeps {
  readonly prices?: PriceBook | undefined
  readonly latencies: Latencies
  readonly random: () => number
}

/**
 * @param fitting indexes of those that can take it, in the route's order; at least one
 * @param targets all of the group, by index
 */
export function choose(
  group: Group,
  fitting: readonly number[],
  targets: readonly Target[],
  asked: Asked,
  deps: ChooseDeps,
): Choice {
  const preference = asked.call.options.prefer ?? group.prefer
  const { index, why } = preference
    ? preferred[preference](group, fitting, targets, asked, deps)
    : group.weighted
      ? byWeight(group, fitting, asked, deps.random)
      : { index: fitting[0] ?? 0, why: 'the first' }
  return { index, why: `${why}${among(fitting.length, group.names.length)}`, others: fitting.filter((other) => other !== index) }
}

type Choose = (...asked: Parameters<typeof choose>) => Pick<Choice, 'index' | 'why'>

const preferred: Readonly<Record<Preference, Choose>> = {
  cost(_group, fitting, targets, asked, { prices }) {
    const costs = fitting.map((at) => {
      const target = targets[at]
      return (target && expected(target, asked, prices)) ?? Number.POSITIVE_INFINITY
    })
    const least = Math.min(...costs)
    const index = fitting[costs.indexOf(least)] ?? 0
    return Number.isFinite(least)
      ? { index, why: `the lowest cost, about ${usd(least)}` }
      : { index, why: 'the first, for no price is known' }
  },

  /** The better of two drawn: whoever always takes the best sends everybody to it at once. */
  latency(_group, fitting, targets, { call }, { latencies, random }) {
    const drawn = twoOf(fitting, random).map((index) => {
      const target = targets[index]
      const seen = target && latencies.of(target, call.stream)
      return { index, load: seen?.load ?? 0, ms: seen?.ms ?? 0 }
    })
    const [best] = drawn.sort((a, b) => a.load - b.load)
    const why = best && best.ms > 0 ? `, about ${Math.round(best.ms)} ms` : ': nothing seen of it yet'
    return { index: best?.index ?? 0, why: `the shortest wait${why}` }
  },

  quality({ qualities }, fitting) {
    const quality = (index: number) => qualities[index] ?? Number.NEGATIVE_INFINITY
    const index = fitting.reduce((best, other) => (quality(other) > quality(best) ? other : best))
    return qualities[index] === undefined
      ? { index, why: 'the first, for none has a `quality`' }
      : { index, why: `the highest quality, ${qualities[index]}` }
  },
}

function byWeight(
  group: Group,
  fitting: readonly number[],
  { call }: Asked,
  random: () => number,
): { index: number; why: string } {
  const { experiment, sticky, weights, keys } = group
  const settled = experiment?.settled
  if (settled !== undefined && fitting.includes(settled))
    return { index: settled, why: `the winner of the experiment "${experiment?.name}"` }
  const own = fitting.map((index) => weights[index] ?? 0)
  const subject = sticky?.of(call)
  const at =
    subject === undefined
      ? draw(own, random)
      : assign(
          `${experiment?.name ?? group.name}\0${subject}`,
          fitting.map((index) => keys[index] ?? ''),
          own,
        )
  const share = `weight ${own[at]} of ${own.reduce((sum, weight) => sum + weight, 0)}`
  const how = subject === undefined ? 'drawn' : `what this ${sticky?.what} always gets`
  return { index: fitting[at] ?? 0, why: `${how}, ${share}` }
}

function among(fitting: number, all: number): string {
  if (fitting === all) return `, of ${all}`
  return fitting === 1 ? `, and the only one of ${all} that can take the call` : `, of the ${fitting} that can take the call`
}
