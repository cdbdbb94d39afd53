/**
 * Jobs in the database, which all relays of it share. A job that runs is its relay's for a time that is renewed again and again:
 * whoever finds one whose time is over knows that its relay is gone.
 */
import { randomBytes } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import type { JsonObject } from '../../core/json.js'
import { type Page, pageOf, pageSize } from '../page.js'
import type { Sql } from '../store/sql.js'
import { ofJobs } from '../webhooks/queue.js'
import { type Job, type JobAnswer, type JobRow, type JobStatus, jobColumns, jobOf } from './record.js'

/** Told of a job that ends, within the transaction in which it does. */
export type Ended = (job: Job, status: JobStatus, code: string | undefined, sql: Sql) => Promise<void>

export interface JobStoreDeps {
  readonly sql: Sql
  readonly now: () => number
  readonly ended?: Ended
}

export interface NewJob {
  readonly tenant: string
  readonly key: string
  readonly user: string | undefined
  readonly model: string
  readonly request: JsonObject
  readonly callback: string | undefined
  /** Whoever submits the same twice under one name has submitted once. */
  readonly once: string | undefined
  /** Of all that was submitted: another for anything else. */
  readonly asked: string
  readonly ttlMs: number
  /** Jobs of the tenant that may wait. */
  readonly mostQueued: number
}

/** Whose jobs are looked at: of a tenant, or of one of its users. */
export interface Whose {
  readonly tenant: string
  readonly user?: string | undefined
}

export interface JobQuery {
  readonly status?: JobStatus
  readonly after?: string
  readonly limit?: number
}

export interface Claimed extends Job {
  readonly request: string
}

/** Of a relay that runs jobs. */
export interface Owner {
  readonly owner: string
  /** Milliseconds for which what it runs is its own. */
  readonly holdMs: number
}

const interrupted: JobAnswer = {
  status: 502,
  body: {
    error: {
      message: 'The relay stopped while a provider worked on this job. It may have been paid for. Submit it again.',
      type: 'leash_error',
      code: 'interrupted',
    },
  },
}

export class JobStore {
  readonly #sql: Sql
  readonly #now: () => number

  readonly #ended: Ended

  constructor({ sql, now, ended = async () => {} }: JobStoreDeps) {
    this.#sql = sql
    this.#now = now
    this.#ended = ended
  }

  /** @throws LeashError `invalid_request` when something else has its name, `rate_limited` when too many wait */
  async add({ tenant, key, user = '', model, request, callback = '', once, asked, ttlMs, mostQueued }: NewJob): Promise<Job> {
    const now = this.#now()
    const row: JobRow = {
      ...{ tenant, id: newJobId(now), key_id: key, user_id: user, model, status: 'queued', code: '' },
      ...{ request: JSON.stringify(request), answer: '', callback, once: once ?? null, asked, sent: 0, owner: '', until: 0 },
      ...{ created_at: now, started_at: 0, ended_at: 0, expires_at: now + ttlMs },
    }
    return this.#sql.transaction(async (sql) => {
      await lock(sql, tenant)
      const named = [tenant, key, row.once]
      const ofName = 'WHERE tenant = $1 AND key_id = $2 AND once = $3'
      await sql.run(`UPDATE jobs SET once = NULL ${ofName} AND expires_at <= $4`, [...named, now])
      const [before] = await sql.all<JobRow>(`SELECT ${jobColumns} FROM jobs ${ofName}`, named)
      if (before && (before.asked ?? asked) !== asked) throw taken()
      if (before) return jobOf(before)
      if ((await count(sql, tenant, 'queued')) >= mostQueued)
        throw new LeashError('rate_limited', `${mostQueued} jobs are waiting already. Submit this one later.`, {
          retryAfterMs: 10_000,
        })
      const names = Object.keys(row)
      await sql.run(
        `INSERT INTO jobs (${names.join(', ')}) VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
        Object.values(row),
      )
      return jobOf(row)
    })
  }

  async get(whose: Whose, id: string): Promise<Job | undefined> {
    const [row] = await this.#sql.all<JobRow>(`SELECT ${jobColumns} FROM jobs ${ofOne} AND expires_at > $4`, [
      ...named(whose, id),
      this.#now(),
    ])
    return row && jobOf(row)
  }

  /** Newest first. */
  async list({ tenant, user = '' }: Whose, { status, after, limit }: JobQuery): Promise<Page<Job>> {
    const size = pageSize(limit)
    const rows = await this.#sql.all<JobRow>(
      `SELECT ${jobColumns} FROM jobs WHERE tenant = $1 AND (user_id = $2 OR $2 = '') AND (status = $3 OR $3 = '')
       AND (id < $4 OR $4 = '') AND expires_at > $5 ORDER BY id DESC LIMIT $6`,
      [tenant, user, status ?? '', after ?? '', this.#now(), size + 1],
    )
    return pageOf(rows.map(jobOf), size, ({ id }) => id)
  }

  /** @returns undefined while there is none */
  async answer({ tenant }: Whose, id: string): Promise<JobAnswer | undefined> {
    const [row] = await this.#sql.all<{ answer: string }>('SELECT answer FROM jobs WHERE tenant = $1 AND id = $2', [tenant, id])
    return row && row.answer !== '' ? (JSON.parse(row.answer) as JobAnswer) : undefined
  }

  /** @returns whether it was not over yet */
  async cancel(whose: Whose, id: string): Promise<boolean> {
    return this.#sql.transaction(async (sql) => {
      const [row] = await sql.all<JobRow>(
        `UPDATE jobs SET status = 'cancelled', request = '', ended_at = $4 ${ofOne} AND status IN ('queued', 'running')
         RETURNING ${jobColumns}`,
        [...named(whose, id), this.#now()],
      )
      if (row) await this.#ended(jobOf(row), 'cancelled', undefined, sql)
      return row !== undefined
    })
  }

  /** The one that has waited longest, of a tenant that has room. */
  async claim(owner: Owner, perTenant: number): Promise<Claimed | undefined> {
    for (;;) {
      const found = await this.#claim(owner, perTenant)
      if (found !== 'late') return found
    }
  }

  /** @returns `late` where another relay has come first */
  #claim({ owner, holdMs }: Owner, perTenant: number): Promise<Claimed | 'late' | undefined> {
    return this.#sql.transaction(async (sql) => {
      const now = this.#now()
      const [found] = await sql.all<{ tenant: string; id: string }>(longestWaiting, [now, perTenant])
      if (!found) return undefined
      const { tenant, id } = found
      await lock(sql, tenant)
      if ((await count(sql, tenant, 'running')) >= perTenant) return 'late'
      const [row] = await sql.all<JobRow>(
        `UPDATE jobs SET status = 'running', owner = $3, until = $4, started_at = $5, sent = 0
         WHERE tenant = $1 AND id = $2 AND status = 'queued' RETURNING *`,
        [tenant, id, owner, now + holdMs, now],
      )
      return row ? { ...jobOf(row), request: row.request } : 'late'
    })
  }

  /** From now on a provider may be working on it. @returns false when it is no longer this relay's to run */
  async sending({ tenant, id }: Job, { owner }: Owner): Promise<boolean> {
    return (await this.#sql.run(`UPDATE jobs SET sent = 1 ${ofOwner}`, [tenant, id, owner])) > 0
  }

  /** @returns false when it was cancelled meanwhile, or is no longer this relay's */
  async end(job: Job, { owner }: Owner, status: JobStatus, answer: JobAnswer, code = ''): Promise<boolean> {
    return this.#sql.transaction(async (sql) => {
      const changed = await sql.run(
        `UPDATE jobs SET status = $4, answer = $5, code = $6, ended_at = $7, request = '' ${ofOwner}`,
        [job.tenant, job.id, owner, status, JSON.stringify(answer), code, this.#now()],
      )
      if (changed > 0) await this.#ended(job, status, code, sql)
      return changed > 0
    })
  }

  /** Gives back what nobody has worked on. @returns false when somebody may have */
  async release({ tenant, id }: Job, { owner }: Owner): Promise<boolean> {
    return (
      (await this.#sql.run(`UPDATE jobs SET status = 'queued', owner = '', started_at = 0 ${ofOwner} AND sent = 0`, [
        tenant,
        id,
        owner,
      ])) > 0
    )
  }

  interrupt(job: Job, owner: Owner): Promise<boolean> {
    return this.end(job, owner, 'failed', interrupted, 'interrupted')
  }

  /** @returns what this relay still runs, by `tenant/id` */
  async renew({ owner, holdMs }: Owner): Promise<ReadonlySet<string>> {
    const rows = await this.#sql.all<{ tenant: string; id: string }>(
      `UPDATE jobs SET until = $2 WHERE owner = $1 AND status = 'running' RETURNING tenant, id`,
      [owner, this.#now() + holdMs],
    )
    return new Set(rows.map(({ tenant, id }) => `${tenant}/${id}`))
  }

  /**
   * Those of relays that are gone: what no provider has worked on is queued again, the rest has failed.
   *
   * @param all whether there is no other relay, so that whatever is not this one's is nobody's
   * @returns those that have failed
   */
  async recover({ owner }: Owner, all: boolean): Promise<Job[]> {
    const now = this.#now()
    const gone = `WHERE status = 'running' AND owner <> $1 AND until < $2`
    const late = all ? Number.MAX_SAFE_INTEGER : now
    await this.#sql.run(`UPDATE jobs SET status = 'queued', owner = '', started_at = 0 ${gone} AND sent = 0`, [owner, late])
    return this.#sql.transaction(async (sql) => {
      const rows = await sql.all<JobRow>(
        `UPDATE jobs SET status = 'failed', answer = $3, code = 'interrupted', ended_at = $4, request = '' ${gone} AND sent = 1
         RETURNING ${jobColumns}`,
        [owner, late, JSON.stringify(interrupted), now],
      )
      const failed = rows.map(jobOf)
      for (const job of failed) await this.#ended(job, 'failed', job.code, sql)
      return failed
    })
  }

  /**
   * Forgets those whose time is over. Who wanted to be told of the end of one that was never begun is told so, and its address is
   * kept for as long as that takes.
   */
  prune(): Promise<number> {
    const now = this.#now()
    return this.#sql.transaction(async (sql) => {
      const late = await sql.all<JobRow>(
        `UPDATE jobs SET status = 'failed', code = 'deadline_exceeded', ended_at = $1
         WHERE expires_at <= $1 AND status = 'queued' AND callback <> '' RETURNING ${jobColumns}`,
        [now],
      )
      for (const row of late) await this.#ended(jobOf(row), 'failed', row.code, sql)
      await sql.run(
        `UPDATE jobs SET request = '', answer = '', once = NULL WHERE expires_at <= $1 AND status <> 'running' AND callback <> ''
         AND (request <> '' OR answer <> '' OR once IS NOT NULL)`,
        [now],
      )
      return sql.run(`DELETE FROM jobs WHERE expires_at <= $1 AND status <> 'running' AND NOT ${beingTold}`, [now])
    })
  }
}

/** From tenant to tenant, each of which has one that has waited longest: what waits behind it is not looked at. */
const longestWaiting = `
  WITH RECURSIVE waiting (tenant) AS (
    SELECT MIN(tenant) FROM jobs WHERE status = 'queued'
    UNION ALL SELECT (SELECT MIN(jobs.tenant) FROM jobs WHERE jobs.status = 'queued' AND jobs.tenant > waiting.tenant)
    FROM waiting WHERE waiting.tenant IS NOT NULL
  )
  SELECT jobs.tenant AS tenant, jobs.id AS id FROM waiting JOIN jobs ON jobs.tenant = waiting.tenant AND jobs.id = (
    SELECT first.id FROM jobs AS first WHERE first.status = 'queued' AND first.tenant = waiting.tenant AND first.expires_at > $1
    ORDER BY first.created_at, first.id LIMIT 1
  )
  WHERE (SELECT COUNT(*) FROM jobs AS busy WHERE busy.status = 'running' AND busy.tenant = waiting.tenant) < $2
  ORDER BY jobs.created_at, jobs.id LIMIT 1`

/** By its receiver: of those that are pending there may be as many as there are jobs. */
const beingTold = `(callback <> '' AND EXISTS (SELECT 1 FROM webhook_deliveries AS told
  WHERE COALESCE(told.status, '') = 'pending' AND told.endpoint = '${ofJobs}' || jobs.tenant || '/' || jobs.id))`
const ofOne = `WHERE tenant = $1 AND id = $2 AND (user_id = $3 OR $3 = '')`
const ofOwner = `WHERE tenant = $1 AND id = $2 AND owner = $3 AND status = 'running'`

const named = ({ tenant, user = '' }: Whose, id: string) => [tenant, id, user]

/** Whoever comes second waits for the first: what is counted stays so until the end of the transaction. */
async function lock(sql: Sql, tenant: string): Promise<void> {
  await sql.run('UPDATE tenants SET slug = slug WHERE slug = $1', [tenant])
}

async function count(sql: Sql, tenant: string, status: JobStatus): Promise<number> {
  const [row] = await sql.all<{ jobs: number }>('SELECT COUNT(*) AS jobs FROM jobs WHERE tenant = $1 AND status = $2', [
    tenant,
    status,
  ])
  return row?.jobs ?? 0
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
const taken = () =>
  new LeashError(
    'invalid_request',
    'Something else was submitted with this `Idempotency-Key`. Give each job a key of its own, and send it again as it was.',
    { status: 422 },
  )

/** Later ones come later in the alphabet. */
function newJobId(now: number): string {
  return `job_${now.toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`
}
