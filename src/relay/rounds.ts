/** Work that is done again and again, one round after the other. It keeps no process alive. */
import { messageOf } from '../core/errors.js'

export interface RoundsOptions {
  /** For the warning. */
  readonly name: string
  /** Milliseconds from the end of one round to the next. */
  readonly everyMs: number
  readonly work: () => Promise<unknown>
  /** Told of a round that failed. The next comes in its time. */
  readonly warn: (message: string) => void
}

/** @returns ends it, and waits for the round under way */
export function rounds({ name, everyMs, work, warn }: RoundsOptions): () => Promise<void> {
  let stopped = false
  let round = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    if (stopped) return
    timer = setTimeout(() => {
      round = work()
        .then(() => {})
        .catch((error: unknown) => warn(`${name} failed: ${messageOf(error)}`))
        .finally(again)
    }, everyMs)
    timer.unref()
  }
  again()
  return () => {
    stopped = true
    clearTimeout(timer)
    return round
  }
}
