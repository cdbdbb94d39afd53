import type { Call } from '../../core/call.js'
import { LinkedAbort, sleep, timeLeft } from '../../core/signals.js'
import type { Values } from '../../core/store.js'
import type { Circuit } from './circuit.js'

/** Before the name of a target: until when it is open, and until when it has asked to be left alone. */
const opened = 'breaker:'
const resting = 'rests:'

/** How long what was read of others is believed, in milliseconds. */
const freshMs = 1000

/** How long a call waits at most for what others know, in milliseconds. */
const patienceMs = 100

/**
 * What several processes tell each other of their breakers: that one is open, or is to be left alone, for as long as it is.
 * Only the first calls to a target wait for it, and a store that fails leaves each process to its own judgement.
 */
export class Shared {
  readonly #store: Values

  constructor(store: Values) {
    this.#store = store
  }

  /** Asks, now and then, what other processes know: for the calls after this one, and the first time for this one too. */
  look(name: string, circuit: Circuit, now: number): void {
    // Either way: a clock that was set back must not keep it from looking until it has caught up.
    if (Math.abs(now - circuit.lookedAt) < freshMs) return
    const look = this.#quietly(() => this.#read(name, circuit))
    if (circuit.lookedAt === 0) circuit.firstLook = look
    circuit.lookedAt = now
  }

  tell(name: string, { state, until }: Circuit): void {
    if (state === 'open') this.#keep(opened + name, until)
    else if (state === 'closed') this.forget(name)
  }

  rests(name: string, { restsUntil }: Circuit): void {
    this.#keep(resting + name, restsUntil)
  }

  forget(name: string): void {
    for (const kind of [opened, resting]) void this.#quietly(() => this.#store.delete(kind + name))
  }

  async #read(name: string, circuit: Circuit): Promise<void> {
    const [until, restsUntil] = (await Promise.all([this.#store.get(opened + name), this.#store.get(resting + name)])).map(Number)
    const now = Date.now()
    if (until !== undefined && until > now && circuit.state === 'closed') circuit.openUntil(until, 'shared', now)
    if (restsUntil !== undefined && restsUntil > Math.max(now, circuit.restsUntil)) circuit.rest(now, restsUntil - now)
  }

  #keep(key: string, until: number): void {
    void this.#quietly(() => this.#store.set(key, String(until), Math.max(1, until - Date.now())))
  }

  #quietly(ask: () => unknown): Promise<void> {
    return Promise.resolve()
      .then(ask)
      .then(
        () => {},
        () => {},
      )
  }
}

/** @throws LeashError when the caller stops waiting */
export async function briefly(look: Promise<void>, { signal, deadline }: Call): Promise<void> {
  const waiting = new LinkedAbort(signal)
  try {
    await Promise.race([look, sleep(Math.min(patienceMs, timeLeft(deadline)), waiting.signal)])
  } finally {
    waiting.abort(undefined)
  }
}
