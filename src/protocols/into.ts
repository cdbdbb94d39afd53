import type { Loss } from '../core/call.js'
import type { ReportLoss } from './protocol.js'

/** Takes note of what is lost in a list. */
export function into(losses: Loss[]): ReportLoss {
  return (path, action, why) => losses.push({ path, action, why })
}
