import type { StreamEvent } from '../core/events.js'

/**
 * Parts that overlap, told one after another, as neutral events have it: what belongs to a later part waits until the one under
 * way has ended.
 */
export class InTurn {
  #open: number | undefined
  #waiting: StreamEvent[] = []

  /** @param open the part that is under way */
  constructor(open: number) {
    this.#open = open
  }

  take(events: readonly StreamEvent[]): StreamEvent[] {
    return events.flatMap((event) => this.#pass(event))
  }

  #pass(event: StreamEvent): StreamEvent[] {
    if (!('index' in event)) return [event]
    if (this.#open !== undefined && this.#open !== event.index) {
      this.#waiting.push(event)
      return []
    }
    if (event.type !== 'part-end') {
      this.#open = event.index
      return [event]
    }
    this.#open = undefined
    const waiting = this.#waiting
    this.#waiting = []
    return [event, ...this.take(waiting)]
  }
}
