/**
 * More objects, lists and members than a request has: a few megabytes of empty ones take a process seconds to read, and a
 * gigabyte to hold. What stands in texts does not count.
 */
import { endOfString } from './end-of-string.js'
import { LeashError } from './errors.js'

const most = 500_000

const quote = 0x22
const comma = 0x2c
/** `[` and `{`, but for the bit in which they differ. */
const open = 0x5b

/** @param json before anybody has read it */
export function hasTooMany(json: string): boolean {
  if (json.length <= most) return false
  let count = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === comma || (code & ~0x20) === open) count++
    else if (code === quote) at = endOfString(json, at) - 1
  }
  return count > most
}

export const tooMany = () =>
  new LeashError('invalid_request', `The request body has more than ${most} objects, lists and members. Send less at once.`)
