/** Events of a stream that are not what they should be. */
import { LeashError } from '../core/errors.js'
import { isObject, parseJson } from '../core/json.js'

/** Whether it begins and ends as an object does. Asked of every event: to parse each would cost more than all else. */
export function isWhole(data: string): boolean {
  return data.startsWith('{"') && data.endsWith('}')
}

export function isMalformed(data: string): boolean {
  return !isWhole(data) && !isObject(parseJson(data))
}

export function malformedEvent(): LeashError {
  return new LeashError(
    'upstream_malformed',
    'The upstream sent a stream event that is not a JSON object. Send the call again.',
    {
      retryable: true,
    },
  )
}
