import { setTimeout as wait } from 'node:timers/promises'

/** Who looks after the relay asks it often, and does not wait for long: a database that has said nothing by then is away. */
const usualMs = 3000

/** @throws when it takes longer */
export function inTime<T>(asked: Promise<T>, ms = usualMs): Promise<T> {
  return Promise.race([asked, late(ms)])
}

async function late(ms: number): Promise<never> {
  await wait(ms, undefined, { ref: false })
  throw new Error('the database has not answered in time')
}
