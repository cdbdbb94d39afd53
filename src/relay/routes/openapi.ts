/** The reference of all routes: for programs, and to be read. It is loaded when it is asked for. */
import { type Context, Hono } from 'hono'
import { pagePolicy } from '../html.js'

export function openapiRoutes(): Hono {
  const app = new Hono()
  const document = async () => (await import('../openapi/document.js')).document()
  const page = async (c: Context, type: string, text: string) =>
    c.body(text, 200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': pagePolicy("style-src 'self'"),
      'cache-control': 'no-cache',
    })
  app.get('/openapi.json', async (c) => c.json(await document()))
  app.get('/docs', async (c) => page(c, 'text/html', (await import('../openapi/page.js')).pageOf(await document())))
  app.get('/docs.css', async (c) => page(c, 'text/css', (await import('../openapi/page.js')).style))
  return app
}
