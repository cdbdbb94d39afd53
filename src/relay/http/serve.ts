/** Puts a relay behind a port, with the door before it that its configuration asks for. */
import cluster from 'node:cluster'
import { refused } from '../../handler.js'
import { createApp } from '../app.js'
import type { RelayOptions } from '../config/config.js'
import { changesOf } from '../config/diff.js'
import { Sockets } from '../gateway/sockets.js'
import { callerOf, isToken } from '../people/caller.js'
import type { RelayContext } from '../routes/context.js'
import { ownMetrics } from '../routes/metrics.js'
import { compressed } from './compressed.js'
import { Gate } from './gate.js'
import { createRelayServer } from './server.js'

export interface Served {
  /** Such as `http://127.0.0.1:4000`. */
  readonly url: string
  /** Takes no more requests, and waits for those under way. */
  close(): Promise<void>
}

const gateParts = ['throttle', 'cors', 'trustedProxies', 'tenantFrom', 'limits'] as const

/** @throws LeashError `invalid_config` when it cannot listen there, or there is no certificate */
export async function serve(context: RelayContext, options: RelayOptions, warn: (message: string) => void): Promise<Served> {
  const { host = '127.0.0.1', port = 4000, tls, limits } = options
  const { settings, keys, metrics, gateway, callers } = context
  const app = createApp(context, warn)
  const knows = (shown: string) => isToken(shown) || keys.knows(shown)
  const gate = new Gate({ knows, metrics, isRaw: (path) => gateway.rawAt(path) !== undefined }, settings.now)
  const sockets = new Sockets({ callers, gateway, gate, warn, origins: () => settings.now.cors?.origins ?? [] })
  const server = createRelayServer({
    gate,
    tls,
    limits,
    calls: async (asked) => {
      try {
        return await gateway.serve(asked, await callerOf(callers, asked.headers, 'call'))
      } catch (error) {
        return refused(asked, error, warn)
      }
    },
    sockets: (upgrade) => sockets.upgrade(upgrade),
    booked: () => gateway.booked(),
    others: async (request) => compressed(await app.fetch(request), request),
    warn,
  })
  settings.onChange((now, before, { anew }) => {
    if (now.tls && anew) server.renew(now.tls)
    if (gateParts.some((part) => changesOf(before[part], now[part]).length > 0)) gate.use(now)
  })
  if (cluster.isWorker) metrics.share((await import('../metrics/workers.js')).shareMetrics(() => ownMetrics(context)))
  const bound = await server.listen(host, port)
  return {
    url: `${tls ? 'https' : 'http'}://${reachable(host)}:${bound}`,
    close: async () => void (await Promise.all([sockets.close(), server.close()])),
  }
}

/** Where this machine finds it: that it listens everywhere is no address. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
