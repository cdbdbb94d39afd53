/** Where the end of a job is told: at the address that came with it, signed with a secret of its tenant's. */
import type { Sql } from '../store/sql.js'
import type { Notice } from '../webhooks/events.js'
import { ofJobs as begin } from '../webhooks/queue.js'
import { secretOf } from '../webhooks/sign.js'
import type { Job, JobStatus } from './record.js'

export interface CallbacksDeps {
  readonly sql: Sql
  /** The secrets are made of it. */
  readonly pepper: string
}

export class Callbacks {
  readonly #deps: CallbacksDeps

  constructor(deps: CallbacksDeps) {
    this.#deps = deps
  }

  /** Where it stands among webhooks. No slug of a tenant has a slash in it. */
  nameOf({ tenant, id }: Pick<Job, 'tenant' | 'id'>): string {
    return `${begin}${tenant}/${id}`
  }

  owns(endpoint: string): boolean {
    return endpoint.startsWith(begin)
  }

  /** What a tenant's receivers know the relay by. */
  secretOf(tenant: string): string {
    return secretOf(this.#deps.pepper, `${begin}${tenant}`, 1)
  }

  /** @returns undefined when the job has been forgotten */
  async target(endpoint: string): Promise<{ readonly url: string; readonly secrets: readonly string[] } | undefined> {
    const [tenant = '', id = ''] = endpoint.slice(begin.length).split('/')
    const [row] = await this.#deps.sql.all<{ callback: string }>('SELECT callback FROM jobs WHERE tenant = $1 AND id = $2', [
      tenant,
      id,
    ])
    return row && { url: row.callback, secrets: [this.secretOf(tenant)] }
  }
}

/** The answer itself is fetched: it may be large, and is nobody's to read who looks after deliveries. */
export function noticeOf({ id, model, tenant }: Job, status: JobStatus, code = ''): Notice {
  const data = { id, status, model, ...(code !== '' && { code }), result: `/v1/gateway/jobs/${id}/result` }
  return { type: 'job.ended', tenant, data }
}
