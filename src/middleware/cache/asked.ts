import type { Call } from '../../core/call.js'
import { byModel } from '../by-model.js'

/** How long an answer to a call may be kept, in milliseconds, by what the call and the options say. 0: not at all. */
export function ages(options: {
  readonly ttlMs?: number
  readonly models?: Readonly<Record<string, number | false>>
}): (call: Call) => number {
  const { ttlMs = 3_600_000, models = {} } = options
  const ofModel = byModel(models)
  return (call) => {
    const asked = call.options.cache
    if (asked === false || call.report.sensitive) return 0
    return typeof asked === 'object' ? asked.ttlMs : (ofModel(call) ?? ttlMs) || 0
  }
}
