import { untilStopped } from '../core/until-stopped.js'

/** Who looks after the relay asks it often, and does not wait for long: a database that has said nothing by then is away. */
const usualMs = 3000

/** @throws LeashError `deadline_exceeded` when it takes longer */
export function inTime<T>(asked: Promise<T>, ms = usualMs): Promise<T> {
  return untilStopped(asked, { deadline: Date.now() + ms })
}
