/** Whether a difference between two samples is more than chance. */
import type { Moments } from './metrics.js'

export type Sample = Pick<Moments, 'count' | 'mean' | 'variance'>

/**
 * How likely means that differ so much, either way, would be if both samples came from populations with one mean.
 * Source: Welch 1947, https://doi.org/10.1093/biomet/34.1-2.28
 */
export function welch(a: Sample, b: Sample): number {
  const [x, y] = [a.variance / a.count, b.variance / b.count]
  const difference = Math.abs(a.mean - b.mean)
  if (a.count < 2 || b.count < 2) return 1
  // Both always the same: nothing is left to chance.
  if (x + y === 0) return difference === 0 ? 1 : 0
  const part = x / (x + y)
  const freedom = 1 / (part ** 2 / (a.count - 1) + (1 - part) ** 2 / (b.count - 1))
  return studentTails(difference / Math.sqrt(x + y), freedom)
}

/** With fewer expected cases than this on any side, the normal curve says nothing of counts. The usual rule of thumb. */
const fewest = 5

export interface Share {
  readonly count: number
  /** Of `count`. */
  readonly cases: number
}

/** As {@link welch} for shares: the pooled z-test of two proportions. */
export function twoProportions(a: Share, b: Share): number {
  const pooled = (a.cases + b.cases) / (a.count + b.count)
  const smaller = Math.min(a.count, b.count)
  if (!(Math.min(pooled, 1 - pooled) * smaller >= fewest)) return 1
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.count + 1 / b.count))
  return studentTails(Math.abs(a.cases / a.count - b.cases / b.count) / error, Number.POSITIVE_INFINITY)
}

/** From there on Student's curve is the normal one for our purposes: it differs in the sixth digit. */
const manyDegrees = 1e5

/** The two tails of Student's curve beyond ±t. https://dlmf.nist.gov/8.17 */
function studentTails(t: number, freedom: number): number {
  const v = Math.min(freedom, manyDegrees)
  return incompleteBeta(v / (v + t * t), v / 2, 0.5)
}

/** The regularised incomplete beta function, by its continued fraction: https://dlmf.nist.gov/8.17#E22 */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast only on this side.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300
  let c = 1
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1), tiny)
  let fraction = d
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / notZero(1 + even * d, tiny)
    c = notZero(1 + even / c, tiny)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / notZero(1 + odd * d, tiny)
    c = notZero(1 + odd / c, tiny)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-14) break
  }
  return front * fraction
}

function notZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value
}

/** Stirling's series, on the side where five terms of it are exact to fourteen digits. https://dlmf.nist.gov/5.11#E1 */
function logGamma(z: number): number {
  let shift = 0
  let x = z
  for (; x < 10; x++) shift += Math.log(x)
  const i = 1 / (x * x)
  const series = (1 / 12 - i * (1 / 360 - i * (1 / 1260 - i * (1 / 1680 - i / 1188)))) / x
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift
}
