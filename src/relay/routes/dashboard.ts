/** The dashboard: a page, its script and its style, from this origin and no other. */
import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { relayFile } from '../files.js'
import { pagePolicy } from '../html.js'
import { returnPath } from '../people/provider-sign-in.js'

/** What `scripts/dashboard.ts` has made of the source: in the package, or for a relay that runs from its source. */
const folder = relayFile('../../.cache/dashboard/', 'dashboard/')

const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  [returnPath]: ['index.html', 'text/html; charset=utf-8'],
  '/dashboard.js': ['dashboard.js', 'text/javascript; charset=utf-8'],
  '/dashboard.css': ['dashboard.css', 'text/css; charset=utf-8'],
} as const

const policy = pagePolicy("script-src 'self'", "style-src 'self'", 'img-src data:', "connect-src 'self'")

export function dashboardRoutes(): Hono {
  const app = new Hono()
  for (const [path, [name, type]] of Object.entries(files)) {
    app.get(path, async (c) =>
      c.body(await fileOf(name), 200, {
        'content-type': type,
        'content-security-policy': policy,
        // Its address has a code in it.
        'cache-control': path === returnPath ? 'no-store' : 'no-cache',
      }),
    )
  }
  return app
}

async function fileOf(name: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(new URL(name, folder))
  } catch (cause) {
    throw new LeashError('not_found', 'The dashboard has not been built: `node scripts/dashboard.ts`.', { cause })
  }
}
