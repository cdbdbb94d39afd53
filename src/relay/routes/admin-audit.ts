/** Who did what, and what was not let through: to look at, to keep elsewhere, and to ask again. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { compact } from '../../core/json.js'
import { IteratorStream } from '../../iterator-stream.js'
import type { AuditQuery } from '../audit/audit.js'
import { type AuditFormat, auditLines } from '../audit/csv.js'
import { type AdminEnv, limitOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { queryIn } from './fields.js'
import { momentOf } from './report-query.js'

const types: Readonly<Record<AuditFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
}

const isFormat = (format: string): format is AuditFormat => Object.hasOwn(types, format)

/** Below `/audit`. */
export function adminAudit(context: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()

  app.get('/', async (c) => {
    const query = c.req.query()
    const { format = 'json' } = query
    const wanted: AuditQuery = { ...queryOf(query), ...c.get('reach') }
    if (format === 'json') return c.json(await context.audit.list({ ...wanted, ...limitOf(c) }))
    if (!isFormat(format)) throw new LeashError('invalid_request', '`format` is json, ndjson or csv.', { param: 'format' })
    return c.body(new IteratorStream(auditLines(context.audit, wanted, format)), 200, {
      'content-type': types[format],
      'content-disposition': `attachment; filename="audit.${format}"`,
    })
  })

  app.get('/verify', async (c) => c.json(await context.audit.verify()))

  app.get('/replay/:call', async (c) => c.json(await context.collector.replay.of(c.req.param('call'))))

  return app
}

const filters = ['actor', 'action', 'tenant', 'target', 'before', 'from', 'to', 'limit', 'format'] as const

function queryOf(query: Readonly<Record<string, string>>): AuditQuery {
  const { actor, action, tenant, target, before } = queryIn(query, filters)
  const older = before === undefined ? undefined : Number(before || Number.NaN)
  if (older !== undefined && !Number.isSafeInteger(older))
    throw new LeashError('invalid_request', '`before` is the number of an entry.', { param: 'before' })
  return {
    ...compact({ actor, action, tenant, target, before: older }),
    ...momentOf(query, 'from'),
    ...momentOf(query, 'to'),
  }
}
