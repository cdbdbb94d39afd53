/**
 * Who did what: entries that are only ever added, each with the hash of the one before it in its own. Whoever changes or takes
 * out one has to write all that follow anew, and then the newest hash is another than the one that was kept elsewhere.
 */
import { hash } from 'node:crypto'
import { LeashError } from '../../core/errors.js'
import type { JsonObject } from '../../core/json.js'
import { sorted } from '../../core/sorted.js'
import { type Page, pageOf, pageSize } from '../page.js'
import { equalTo, type Sql } from '../store/sql.js'
import { storable } from '../store/text.js'

export interface AuditInput {
  /** Who: the id of a key, or `system`. */
  readonly actor: string
  /** What: `key.create`. */
  readonly action: string
  /** Whose. Absent: nobody's in particular. */
  readonly tenant?: string
  /** To what: the id of a key, the slug of a tenant. */
  readonly target?: string
  readonly detail?: JsonObject
}

export interface AuditEntry extends Required<AuditInput> {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** The hash of the entry before; empty for the first. */
  readonly previous: string
  /** SHA-256 in hexadecimal over the hash before and the entry as JSON with its members in order. */
  readonly hash: string
}

export interface AuditQuery {
  readonly actor?: string
  readonly action?: string
  readonly tenant?: string
  readonly target?: string
  /** From this time on, in milliseconds since 1970. */
  readonly from?: number
  /** Before this time. */
  readonly to?: number
  /** Older than this entry. */
  readonly before?: number
  readonly limit?: number
}

export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  /** The first entry that is not what it was, or not there. */
  | { readonly ok: false; readonly seq: number; readonly why: string }

/** @param sql of the transaction in which the entry is written: what it writes there is there if the entry is */
export type AuditListener = (entry: AuditEntry, sql: Sql) => Promise<void>

export interface AuditDeps {
  readonly sql: Sql
  readonly now?: () => number
}

interface Head {
  readonly seq: number
  readonly hash: string
}

/** Between which the trail is. */
interface Heads {
  readonly base: Head
  readonly newest: Head
}

type Row = Omit<AuditEntry, 'detail'> & { readonly detail: string }

/** Of the row of `audit_head` that tells with what the trail begins. */
const baseId = 2

const pruneAction = 'audit.prune'

const mostCharacters = 500
const mostDetail = 64 * 1024
const verifiedAtOnce = 1000

/** Whoever is to be written down waits meanwhile. */
const prunedAtOnce = 10_000

export class Audit {
  readonly #sql: Sql
  readonly #now: () => number
  readonly #listeners: AuditListener[] = []

  constructor({ sql, now = Date.now }: AuditDeps) {
    this.#sql = sql
    this.#now = now
  }

  onAppend(listener: AuditListener): void {
    this.#listeners.push(listener)
  }

  /**
   * @param sql of a transaction under way: the entry is then there if what it tells of is
   * @throws LeashError `invalid_request` when the detail is too long
   */
  async append(input: AuditInput, sql: Sql = this.#sql): Promise<AuditEntry> {
    const { tenant = '', target = '', detail = {} } = input
    const said = { actor: clean(input.actor), action: clean(input.action), tenant: clean(tenant), target: clean(target) }
    const text = JSON.stringify(sorted(detail))
    if (text.length > mostDetail)
      throw new LeashError('invalid_request', `The detail of an audit entry has at most ${mostDetail} characters.`)
    return sql.transaction(async (sql) => {
      // Written before it is read: so that two entries come one after the other.
      const [head] = await sql.all<Head>('UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash')
      if (!head) throw new LeashError('overloaded', "The head of the audit trail is gone. Restore the relay's database.")
      const { seq, hash: previous } = head
      const row = { seq, at: this.#now(), ...said, detail: text, previous }
      const hash = hashOf(row)
      await sql.run(
        `INSERT INTO audit (seq, at, actor, action, tenant, target, detail, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [seq, row.at, row.actor, row.action, row.tenant, row.target, text, previous, hash],
      )
      await sql.run('UPDATE audit_head SET hash = $1 WHERE id = 1', [hash])
      const entry = entryOf({ ...row, hash })
      for (const listener of this.#listeners) await listener(entry, sql)
      return entry
    })
  }

  /** The newest first. `next` of a page is the `before` of the one after it. */
  async list({
    actor,
    action,
    tenant,
    target,
    from = 0,
    to = Number.MAX_SAFE_INTEGER,
    ...page
  }: AuditQuery = {}): Promise<Page<AuditEntry>> {
    const { before = Number.MAX_SAFE_INTEGER, limit } = page
    const size = pageSize(limit)
    const { text, params } = equalTo({ target, actor, tenant, action }, 5)
    // By times, or by two of these, it may go through all there is.
    const rows = await (this.#sql.beside ?? this.#sql).all<Row>(
      `SELECT * FROM audit WHERE seq < $1 AND at >= $2 AND at < $3${text} ORDER BY seq DESC LIMIT $4`,
      [before, from, to, size + 1, ...params],
    )
    return pageOf(rows.map(entryOf), size, ({ seq }) => String(seq))
  }

  /**
   * Takes out the oldest entries, some thousands at a time, and writes down each time that it did. What is left begins with the
   * hash of the last that is gone.
   *
   * @param before milliseconds since 1970 @returns how many entries are gone
   */
  async prune(before: number): Promise<number> {
    for (let all = 0; ; ) {
      const some = await this.#pruneSome(before)
      all += some
      if (some < prunedAtOnce) return all
    }
  }

  #pruneSome(before: number): Promise<number> {
    return this.#sql.transaction(async (sql) => {
      // Nobody adds an entry meanwhile.
      await sql.run('UPDATE audit_head SET seq = seq WHERE id = 1')
      const [oldest] = await sql.all<{ seq: number | null }>('SELECT MIN(seq) AS seq FROM audit')
      const end = (oldest?.seq ?? 0) + prunedAtOnce
      const [kept] = await sql.all<{ seq: number | null }>('SELECT MIN(seq) AS seq FROM audit WHERE seq < $1 AND at >= $2', [
        end,
        before,
      ])
      const [last] = await sql.all<Head>('SELECT seq, hash FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT 1', [
        kept?.seq ?? end,
      ])
      if (!last) return 0
      const gone = await sql.run('DELETE FROM audit WHERE seq <= $1', [last.seq])
      await sql.run(
        `INSERT INTO audit_head (id, seq, hash) VALUES (${baseId}, $1, $2)
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
        [last.seq, last.hash],
      )
      await this.append(
        { actor: 'relay', action: pruneAction, detail: { entries: gone, through: last.seq, hash: last.hash } },
        sql,
      )
      return gone
    }, 'patient')
  }

  /** Whatever is added meanwhile is left to the next time. */
  async verify(): Promise<AuditVerdict> {
    for (let heads = await this.#heads(); ; ) {
      const verdict = await this.#verify(heads)
      const now = verdict.ok ? heads : await this.#heads()
      // What was taken out meanwhile is not missing: what is left is looked at from its new beginning.
      if (now.base.seq === heads.base.seq) return verdict
      heads = now
    }
  }

  async #heads(): Promise<Heads> {
    const rows = await this.#sql.all<Head & { readonly id: number }>('SELECT id, seq, hash FROM audit_head')
    const of = (id: number) => rows.find((row) => row.id === id) ?? { seq: 0, hash: '' }
    return { base: of(baseId), newest: of(1) }
  }

  async #verify({ base, newest }: Heads): Promise<AuditVerdict> {
    let [seq, previous, saysSo] = [base.seq, base.hash, base.seq === 0]
    while (seq < newest.seq) {
      const rows = await this.#sql.all<Row>('SELECT * FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3', [
        seq,
        newest.seq,
        verifiedAtOnce,
      ])
      if (rows.length === 0) return { ok: false, seq: seq + 1, why: 'it is missing' }
      for (const row of rows) {
        const why = faultOf(row, seq + 1, previous)
        if (why) return { ok: false, seq: seq + 1, why }
        seq = row.seq
        previous = row.hash
        saysSo ||= tellsOf(base, entryOf(row))
      }
    }
    if (previous !== newest.hash) return { ok: false, seq, why: 'it is not the newest that was written' }
    const stray = await this.#outside(base)
    if (stray !== undefined) return { ok: false, seq: stray, why: 'it is none of the chain' }
    if (!saysSo) return { ok: false, seq: base.seq, why: 'it was taken out, and no entry says so' }
    return { ok: true, entries: seq - base.seq, head: previous }
  }

  /** An entry that lies where no one looks along the chain. Those that are added meanwhile are within. */
  async #outside(base: Head): Promise<number | undefined> {
    const [row] = await this.#sql.all<{ seq: number }>(
      `SELECT seq FROM audit WHERE seq <= $1 OR seq > COALESCE((SELECT seq FROM audit_head WHERE id = 1), 0) ORDER BY seq LIMIT 1`,
      [base.seq],
    )
    return row?.seq
  }
}

/** Whether it was written when all up to there was taken out. */
function tellsOf({ seq, hash }: Head, { action, detail }: AuditEntry): boolean {
  return action === pruneAction && detail.through === seq && detail.hash === hash
}

function faultOf(row: Row, seq: number, previous: string): string | undefined {
  if (row.seq !== seq) return 'it is missing'
  if (row.previous !== previous) return 'it does not follow the one before it'
  return row.hash === hashOf(row) ? undefined : 'it was changed'
}

function hashOf({ seq, at, actor, action, tenant, target, detail, previous }: Omit<Row, 'hash'>): string {
  const entry = JSON.stringify(sorted({ seq, at, actor, action, tenant, target, detail }))
  return hash('sha256', `${previous}\n${entry}`, 'hex')
}

function entryOf({ detail, ...row }: Row): AuditEntry {
  return { ...row, detail: JSON.parse(detail) }
}

const clean = (text: string) => storable(text.slice(0, mostCharacters))
