/** For whoever runs the relay: is it there, and can it work? */
import { Hono } from 'hono'
import type { RelayContext } from './context.js'

export function healthRoutes({ sql, stopping }: RelayContext): Hono {
  const app = new Hono()
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', async (c) => {
    if (stopping.aborted) return c.json({ status: 'stopping' }, 503)
    try {
      await sql.all('SELECT 1 AS one')
      return c.json({ status: 'ok' })
    } catch {
      return c.json({ status: 'the store cannot be reached' }, 503)
    }
  })
  return app
}
