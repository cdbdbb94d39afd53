import { LeashError } from '../core/errors.js'
import { insideOf, type Leash, type LeashInside, type LeashOptions, openLeash } from '../open-leash.js'

/** @param leash one that there is already, or the options of a new one */
export function opened(leash: Leash | LeashOptions): LeashInside {
  const inside = insideOf(leash)
  if (inside) return inside
  if (!('handle' in leash)) return openLeash(leash)
  throw new LeashError('invalid_config', 'This leash was made by another copy of `leashllm`. See that it is installed only once.')
}
