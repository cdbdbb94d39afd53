/** The configuration in force, and the part of it that may be changed while the relay runs. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { withoutSecrets } from '../config/diff.js'
import { type AdminEnv, bodyOf, isDry } from './admin-env.js'
import type { RelayContext } from './context.js'

export function adminConfig({ settings, configLog }: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  app.get('/', (c) =>
    c.json({
      version: configLog.version,
      config: withoutSecrets(settings.now),
      changed: withoutSecrets(settings.layer),
    }),
  )
  app.put('/', async (c) => c.json(await configLog.set(await bodyOf(c), c.get('actor'), isDry(c))))
  app.get('/versions', async (c) => c.json({ items: await configLog.history() }))
  app.post('/rollback', async (c) => {
    const { version } = await bodyOf(c)
    if (!Number.isSafeInteger(version)) throw new LeashError('invalid_request', 'Say which: `{ "version": 3 }`.')
    return c.json(await configLog.rollback(Number(version), c.get('actor')))
  })
  return app
}
