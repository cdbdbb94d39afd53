/** The dashboard: a page, its script and its style, from this origin and no other. */
import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'

/** Beside this file in the source, and in a folder of its own in the package, whose code lies elsewhere. */
const folder = new URL(import.meta.url.endsWith('.ts') ? '../dashboard/' : './relay/dashboard/', import.meta.url)

const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/dashboard.js': ['dashboard.js', 'text/javascript; charset=utf-8'],
  '/dashboard.css': ['dashboard.css', 'text/css; charset=utf-8'],
} as const

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function dashboardRoutes(): Hono {
  const app = new Hono()
  for (const [path, [name, type]] of Object.entries(files)) {
    app.get(path, async (c) =>
      c.body(await readFile(new URL(name, folder)), 200, {
        'content-type': type,
        'content-security-policy': policy,
        'cache-control': 'no-cache',
      }),
    )
  }
  return app
}
