/** What a tenant used by the month: as JSON, as CSV, and as a page to print. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { csvOf } from '../usage/csv.js'
import { statementHeaders, statementPage } from '../usage/statement-page.js'
import { lineItems } from '../usage/statements.js'
import { type AdminEnv, tenantOf } from './admin-env.js'
import type { RelayContext } from './context.js'

/** Below `/tenants`. */
export function adminStatements(context: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()

  app.get('/:slug/statements', async (c) => {
    const { slug } = await tenantOf(context, c.req.param('slug'))
    return c.json({ items: await context.collector.statements.months({ ...c.get('reach'), tenant: slug }) })
  })

  app.get('/:slug/statements/:month', async (c) => {
    const tenant = await tenantOf(context, c.req.param('slug'))
    const { statements } = context.collector
    const { month } = c.req.param()
    const { format = 'json' } = c.req.query()
    if (format === 'csv') {
      const rows = await statements.items(tenant, month, c.get('reach'))
      const name = `${tenant.slug}-${month}.csv`
      return c.body(csvOf(rows, lineItems), 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${name}"`,
      })
    }
    const statement = await statements.of(tenant, month, c.get('reach'))
    if (format === 'html') return c.body(statementPage(statement), 200, statementHeaders)
    if (format === 'json') return c.json(statement)
    throw new LeashError('invalid_request', '`format` is json, csv or html.', { param: 'format' })
  })

  return app
}
