/** AWS takes no signature whose time is five minutes off. Its SDK goes by the answers' own time, and so it is told of those that we get. */
import type { LeashError } from '../../core/errors.js'
import type { KeyInUse } from '../../core/provider.js'
import type { AwsClient } from './aws.js'

/** Of AWS's SDK: nearer than that, nothing is wrong. */
const offMs = 240_000

/** @returns of one request that is to be signed now; undefined for a client that is not of AWS's SDK */
export function clockOf(client: AwsClient): KeyInUse | undefined {
  const config = 'config' in client ? client.config : undefined
  if (!hasClock(config)) return undefined
  const signedBy = config.systemClockOffset
  const isOff = ({ headers }: { readonly headers: Headers }): boolean => {
    const offset = Date.parse(headers.get('date') ?? '') - Date.now()
    if (!(Math.abs(offset - signedBy) >= offMs)) return false
    config.systemClockOffset = offset
    return true
  }
  return {
    answered: (headers) => void isOff({ headers }),
    failed: ({ code, upstream }: LeashError) => (upstream && isOff(upstream) && code === 'authentication_failed' ? 0 : undefined),
    done() {},
  }
}

function hasClock(config: unknown): config is { systemClockOffset: number } {
  return (
    typeof config === 'object' && config !== null && 'systemClockOffset' in config && typeof config.systemClockOffset === 'number'
  )
}
