import type { SloObjective, SloWindow } from '../../core/slo.js'

export interface Counts {
  readonly attempts: number
  readonly bad: Readonly<Record<SloObjective, number>>
}

interface Bucket {
  /** Its place in time: milliseconds since 1970, by the width of a bucket. */
  at: number
  attempts: number
  availability: number
  latency: number
}

const minute = 60_000

/** So many buckets of such a width beside the one that is being filled, and so up to one width late to forget. */
const shapes: Readonly<Record<SloWindow, { readonly widthMs: number; readonly count: number }>> = {
  '1h': { widthMs: minute, count: 60 },
  '24h': { widthMs: 10 * minute, count: 144 },
  '30d': { widthMs: 360 * minute, count: 120 },
}

export const windows = Object.keys(shapes) as SloWindow[]

/** Attempts of the last hour, day and month. What it keeps does not grow. */
export class Tally {
  readonly #rings: Record<SloWindow, Bucket[]> = { '1h': [], '24h': [], '30d': [] }

  add(now: number, bad: Readonly<Record<SloObjective, boolean>>): void {
    for (const window of windows) {
      const bucket = this.#bucket(window, now)
      bucket.attempts++
      if (bad.availability) bucket.availability++
      if (bad.latency) bucket.latency++
    }
  }

  sum(window: SloWindow, now: number): Counts {
    const { widthMs, count } = shapes[window]
    const oldest = Math.floor(now / widthMs) - count
    let attempts = 0
    const bad = { availability: 0, latency: 0 }
    for (const bucket of this.#rings[window]) {
      if (!bucket || bucket.at < oldest) continue
      attempts += bucket.attempts
      bad.availability += bucket.availability
      bad.latency += bucket.latency
    }
    return { attempts, bad }
  }

  #bucket(window: SloWindow, now: number): Bucket {
    const { widthMs, count } = shapes[window]
    const at = Math.floor(now / widthMs)
    const ring = this.#rings[window]
    const place = at % (count + 1)
    const bucket = ring[place]
    if (bucket?.at === at) return bucket
    const fresh: Bucket = { at, attempts: 0, availability: 0, latency: 0 }
    ring[place] = fresh
    return fresh
  }
}
