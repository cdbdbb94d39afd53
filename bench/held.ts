/** What this process holds on to. */
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect } from './gc.ts'

export interface Held {
  /** Bytes in use when nothing is left that can be collected. */
  readonly heap: number
  /** Bytes outside of it that belong to something in it, such as buffers. */
  readonly outside: number
  readonly timers: number
  /** Open ones, sockets among them; 0 where the system does not tell. */
  readonly files: number
}

const open = '/proc/self/fd'

export async function held(): Promise<Held> {
  // Finalisers run between the collections.
  for (let turn = 0; turn < 5; turn++) {
    collect()
    await sleep(20)
  }
  const { heapUsed: heap, external: outside } = process.memoryUsage()
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  return { heap, outside, timers, files: existsSync(open) ? readdirSync(open).length : 0 }
}
