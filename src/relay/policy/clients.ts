/** Clients in processes: which policy each holds to, as it says itself when it asks for the next one. */
import { messageOf } from '../../core/errors.js'
import { Recent } from '../../core/recent.js'
import { type Page, pageOf, pageSize } from '../page.js'
import { equalTo, type Sql, type SqlValue } from '../store/sql.js'

export interface Client {
  /** By which one of a key is told from another, from its start to its end. */
  readonly client: string
  readonly tenant: string
  /** The id of its key. */
  readonly key: string
  readonly user?: string
  /** Of the policy that it has taken up. */
  readonly revision: string
  /** Milliseconds since 1970, to the minute. */
  readonly seenAt: number
}

export interface ClientQuery {
  readonly tenant?: string
  readonly user?: string
  readonly after?: string
  readonly limit?: number
}

export interface ClientsDeps {
  readonly sql: Sql
  readonly now?: () => number
  readonly warn: (message: string) => void
}

interface Row {
  readonly client: string
  readonly tenant: string
  readonly key_id: string
  readonly user_id: string | null
  readonly revision: string
  readonly seen_at: number
}

/** That a client is there is written so often, and at once when it has another policy. */
const writtenMs = 60_000

/** Who has not asked for so long is not there any more. They ask every 25 seconds. */
const goneMs = 5 * 60_000
const forgottenMs = 86_400_000
const mostKnown = 10_000

/** Of one key. They name themselves, and so nobody is to name a million. */
const mostOfKey = 1000

export class Clients {
  readonly #deps: Required<ClientsDeps>
  readonly #known = new Recent<string, { readonly revision: string; readonly at: number }>(mostKnown)
  readonly #writing = new Set<Promise<unknown>>()
  #prunedAt = 0

  constructor({ now = Date.now, ...deps }: ClientsDeps) {
    this.#deps = { ...deps, now }
  }

  /** Nobody waits for it. What is malformed is passed over: it is a courtesy of the client. */
  seen(
    { tenant, id }: { readonly tenant: string; readonly id: string },
    client: string | undefined,
    revision: string | undefined,
  ): void {
    if (!/^[\w-]{8,64}$/.test(client ?? '') || !/^\d{1,15}(\.\d{1,15})?$/.test(revision ?? '')) return
    const now = this.#deps.now()
    const name = `${id} ${client}`
    const known = this.#known.get(name)
    if (known && known.revision === revision && now - known.at < writtenMs) return
    this.#known.set(name, { revision: revision ?? '', at: now })
    const writing: Promise<unknown> = this.#write([id, client ?? '', tenant, revision ?? '', now])
      .catch((error) => this.#deps.warn(`A client could not be noted: ${messageOf(error)}`))
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Those of the last minutes. */
  async list({ tenant, user, after = '', limit }: ClientQuery = {}): Promise<Page<Client>> {
    await Promise.all(this.#writing)
    const { sql, now } = this.#deps
    const size = pageSize(limit)
    const { text, params } = equalTo({ 'clients.tenant': tenant || undefined, 'keys.user_id': user || undefined }, 4)
    // All that were seen of late are put in order, however few are asked for.
    const rows = await (sql.beside ?? sql).all<Row>(
      `SELECT clients.*, keys.user_id FROM clients JOIN keys ON keys.id = clients.key_id
       WHERE clients.seen_at > $1 AND clients.client > $2${text} ORDER BY clients.client LIMIT $3`,
      [now() - goneMs, after, size + 1, ...params],
    )
    return pageOf(rows.map(clientOf), size, ({ client }) => client)
  }

  async close(): Promise<void> {
    await Promise.all(this.#writing)
  }

  async #write(row: readonly [key: string, client: string, ...SqlValue[]]): Promise<void> {
    const { sql, now } = this.#deps
    const [key, client] = row
    if (now() - this.#prunedAt > forgottenMs / 24) {
      this.#prunedAt = now()
      await sql.run('DELETE FROM clients WHERE seen_at < $1', [now() - forgottenMs])
    }
    const changed = await sql.run(
      'UPDATE clients SET tenant = $3, revision = $4, seen_at = $5 WHERE key_id = $1 AND client = $2',
      row,
    )
    if (changed > 0) return
    const [{ some } = { some: 0 }] = await sql.all<{ some: number }>('SELECT COUNT(*) AS some FROM clients WHERE key_id = $1', [
      key,
    ])
    if (Number(some) >= mostOfKey) return
    await sql.run(
      'INSERT INTO clients (key_id, client, tenant, revision, seen_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [key, client, ...row.slice(2)],
    )
  }
}

function clientOf({ client, tenant, key_id: key, user_id: user, revision, seen_at: seenAt }: Row): Client {
  return { client, tenant, key, ...(user !== null && { user }), revision, seenAt }
}
