/** What each way of counting promises, checked on what was let pass. */
import type { Algorithm } from '../../src/core/store.js'

export interface Admitted {
  /** Whole milliseconds by the store's clock. */
  readonly at: number
  readonly amount: number
}

/** @returns the stretches in which more was let pass than the promise of the algorithm allows */
export function breaches(algorithm: Algorithm, limit: number, windowMs: number, admitted: readonly Admitted[]): string[] {
  const all = [...admitted].sort((a, b) => a.at - b.at)
  if (algorithm === 'fixed-window') {
    const windows = Map.groupBy(all, ({ at }) => Math.floor(at / windowMs))
    return [...windows].flatMap(([window, inside]) => over(inside, limit, `window ${window}`))
  }
  return all.flatMap(({ at: start }, first) => {
    const after = all.slice(first)
    if (algorithm === 'sliding-window')
      return over(
        after.filter(({ at }) => at < start + windowMs),
        limit,
        `from ${start}`,
      )
    return after.flatMap(({ at }, length) =>
      over(after.slice(0, length + 1), limit + ((at - start) * limit) / windowMs, `from ${start} to ${at}`),
    )
  })
}

function over(admitted: readonly Admitted[], most: number, where: string): string[] {
  const sum = admitted.reduce((total, { amount }) => total + amount, 0)
  return sum > most + 1e-6 ? [`${where}: ${sum} of ${most}`] : []
}
