/** For whoever runs the relay: is it there, and can it work? */
import { Hono } from 'hono'
import { inTime } from '../in-time.js'
import type { RelayContext } from './context.js'

/** What has waited longer for ClickHouse than that is late. */
const lateMs = 60_000

export function healthRoutes({ sql, gateway, collector, settings, stopping }: RelayContext, answerMs?: number): Hono {
  const app = new Hono()
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', async (c) => {
    if (stopping.aborted) return c.json({ status: 'stopping' }, 503)
    try {
      await inTime(sql.all('SELECT 1 AS one'), answerMs)
    } catch {
      return c.json({ status: 'the store cannot be reached' }, 503)
    }
    return c.json({ status: 'ok', targets: await targets(), ...(settings.now.clickhouse && { clickhouse: await feed() }) })
  })

  /** How many that were called of late are as they should be. No reason to take the relay away: other relays would ask the same. */
  async function targets() {
    const leashes = gateway.leashes().map(([, leash]) => leash)
    const states = leashes.flatMap((leash) => leash.health().targets.map(({ state }) => state))
    const of = (state: string) => states.filter((one) => one === state).length
    return { closed: of('closed'), 'half-open': of('half-open'), open: of('open') }
  }

  /** No reason to take the relay away either: what is late is kept. */
  async function feed() {
    return (await collector.clickHouse.outbox.lateBy()) > lateMs ? 'behind' : 'ok'
  }
  return app
}
