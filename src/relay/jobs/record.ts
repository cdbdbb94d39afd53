/** What is known of a job: a call that is made while nobody waits for it. */
import type { JsonObject } from '../../core/json.js'

export const jobStatuses = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
export type JobStatus = (typeof jobStatuses)[number]

export interface Job {
  readonly id: string
  readonly tenant: string
  /** Who has submitted it. */
  readonly key: string
  readonly user?: string
  readonly model: string
  readonly status: JobStatus
  /** Why it failed, as an error's code; `interrupted` when its relay was gone while a provider worked on it. */
  readonly code?: string
  readonly callback?: string
  /** Milliseconds since 1970, as all of these. */
  readonly createdAt: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** It is forgotten then, however it stands. */
  readonly expiresAt: number
}

/** What it came to, as an answer over HTTP. */
export interface JobAnswer {
  readonly status: number
  readonly body: JsonObject
}

export interface JobRow {
  readonly tenant: string
  readonly id: string
  readonly key_id: string
  readonly user_id: string
  readonly model: string
  readonly status: JobStatus
  readonly code: string
  readonly request: string
  readonly answer: string
  readonly callback: string
  readonly once: string | null
  /** By what it is told whether the same is submitted again; null of those that older versions have taken. */
  readonly asked: string | null
  readonly sent: number
  readonly owner: string
  readonly until: number
  readonly created_at: number
  readonly started_at: number
  readonly ended_at: number
  readonly expires_at: number
}

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    tenant: row.tenant,
    key: row.key_id,
    ...(row.user_id !== '' && { user: row.user_id }),
    model: row.model,
    status: row.status,
    ...(row.code !== '' && { code: row.code }),
    ...(row.callback !== '' && { callback: row.callback }),
    createdAt: row.created_at,
    ...(row.started_at > 0 && { startedAt: row.started_at }),
    ...(row.ended_at > 0 && { endedAt: row.ended_at }),
    expiresAt: row.expires_at,
  }
}

/** The row without what may be large. */
export const jobColumns =
  'tenant, id, key_id, user_id, model, status, code, callback, asked, sent, owner, until, created_at, started_at, ended_at, expires_at'
