/** What the dashboard looks at again and again: the newest calls, how long they took, and how providers do. */
import { Hono } from 'hono'
import type { Health } from '../../core/health.js'
import { compact } from '../../core/json.js'
import type { LedgerLine } from '../../core/ledger.js'
import { LiveCalls } from '../http/live-calls.js'
import type { AdminEnv } from './admin-env.js'
import type { RelayContext } from './context.js'
import { toTenant } from './provider-health.js'

/** A call is looked for by its id among so many, and no longer ago. */
const mostLines = 1000
const hourMs = 3_600_000

export function liveRoutes({ usage, gateway, stopping }: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  const live = new LiveCalls({ usage, stopping })

  /** `?call=` brings the attempts of one call. Who accepts events is told of calls as they come. */
  app.get('/calls', async (c) => {
    const { call, tenant, after, limit } = c.req.query()
    const where = compact({ tenant, ...c.get('reach') })
    if (c.req.header('accept')?.startsWith('text/event-stream'))
      return c.body(live.events(where, c.get('actor'), c.req.raw.signal), 200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      })
    if (call === undefined)
      return c.json(await usage.lines(compact({ where, after, limit: limit === undefined ? limit : Number(limit) })))
    const { items } = await usage.lines({ where, from: Date.now() - hourMs, limit: mostLines })
    return c.json({ items: items.filter(({ callId }) => callId === call) })
  })

  app.get('/latency', async (c) => {
    const where = compact({ tenant: c.req.query('tenant'), ...c.get('reach') })
    const { items } = await usage.lines({ where, limit: mostLines })
    return c.json(latencyOf(items))
  })

  app.get('/health', async (c) => {
    const { tenant: own } = c.get('reach')
    const seen = gateway.leashes().filter(([tenant]) => own === undefined || tenant === own)
    const leashes = seen.map(([tenant, leash]) => ({ tenant, ...leash.health() }))
    const providers = new Map<string, Health['providers'][number]>()
    for (const leash of leashes)
      for (const provider of leash.providers) providers.set(provider.name, own === undefined ? provider : toTenant(provider))
    const targets = leashes.flatMap(({ tenant, targets }) => targets.map((target) => ({ tenant, ...target })))
    return c.json({ targets, providers: [...providers.values()] })
  })

  return app
}

/** Of attempts that were answered by somebody. */
function latencyOf(lines: readonly LedgerLine[]) {
  const answered = lines.filter(({ outcome, cached, coalesced }) => outcome === 'ok' && !cached && !coalesced)
  const sorted = answered.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { of: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
