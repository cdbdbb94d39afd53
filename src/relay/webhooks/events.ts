/** What the relay tells of by itself. */
import type { JsonObject } from '../../core/json.js'
import type { AuditEntry } from '../audit/audit.js'

export const eventTypes = [
  'budget.threshold',
  'budget.exhausted',
  'cost.anomaly',
  'policy.changed',
  'key.created',
  'key.revoked',
  'config.changed',
  'webhook.test',
] as const

/** The end of a job is told to whoever submitted it, and to nobody else. */
export type EventType = (typeof eventTypes)[number] | 'job.ended'

export interface Notice {
  readonly type: EventType
  /** Whom it is about. Absent: nobody in particular. */
  readonly tenant?: string
  readonly data: JsonObject
  /** Told once for each of these names, by whichever relay comes first. */
  readonly once?: string
}

/** What of the audit trail is told of. */
const told: Readonly<Record<string, EventType>> = {
  'policy.set': 'policy.changed',
  'policy.rollback': 'policy.changed',
  'key.create': 'key.created',
  'key.rotate': 'key.created',
  'key.revoke': 'key.revoked',
  'config.set': 'config.changed',
  'config.rollback': 'config.changed',
  'config.reload': 'config.changed',
}

export function noticeOf({ seq, at, actor, action, tenant, target, detail }: AuditEntry): Notice | undefined {
  const type = Object.hasOwn(told, action) ? told[action] : undefined
  if (type === undefined) return undefined
  const data = { actor, action, target, detail, audit: seq, at: new Date(at).toISOString() }
  return tenant === '' ? { type, data } : { type, tenant, data: { tenant, ...data } }
}
