import type { Values } from '../../core/store.js'
import type { Circuit } from './circuit.js'

const prefix = 'breaker:'

/** How long what was read of others is believed, in milliseconds. */
const freshMs = 1000

/**
 * What several processes tell each other of their breakers: that one is open, for as long as it is. No call waits for it,
 * and a store that fails leaves each process to its own judgement.
 */
export class Shared {
  readonly #store: Values

  constructor(store: Values) {
    this.#store = store
  }

  /** Asks, now and then, whether another process has opened it, for the calls after this one. */
  look(name: string, circuit: Circuit, now: number): void {
    if (now - circuit.lookedAt < freshMs) return
    circuit.lookedAt = now
    this.#quietly(async () => {
      const until = Number(await this.#store.get(prefix + name))
      const now = Date.now()
      if (until > now && circuit.state === 'closed') circuit.openUntil(until, 'shared', now)
    })
  }

  tell(name: string, { state, until }: Circuit): void {
    if (state === 'open') this.#quietly(() => this.#store.set(prefix + name, String(until), Math.max(1, until - Date.now())))
    else if (state === 'closed') this.forget(name)
  }

  forget(name: string): void {
    this.#quietly(() => this.#store.delete(prefix + name))
  }

  #quietly(ask: () => unknown): void {
    Promise.resolve()
      .then(ask)
      .catch(() => {})
  }
}
