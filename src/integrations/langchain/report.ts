import type { BaseMessage } from '@langchain/core/messages'
import type { Report } from '../../core/call.js'
import { isObject } from '../../core/json.js'
import { plain } from '../ai-sdk/json.js'

/** Messages are written to files and databases: the report in them is JSON, as it stood at the end of the call. */
export function reported(report: Report): { readonly leash: object } {
  return { leash: plain(report) }
}

/** What happened to the call that gave this message: provider, attempts, usage, cost. Undefined for messages of others. */
export function reportIn(message: BaseMessage): Report | undefined {
  const { leash } = message.response_metadata
  return isObject(leash) && Array.isArray(leash.attempts) ? (leash as unknown as Report) : undefined
}
