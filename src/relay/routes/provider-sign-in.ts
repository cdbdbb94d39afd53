/** Signing in at the identity provider, as a browser sees it: its page asks, goes there, comes back and asks again. */
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import { jsonOf } from '../http/body.js'
import { ticketMs } from '../people/ticket.js'
import { answerOf } from './auth.js'
import type { RelayContext } from './context.js'
import { only, text } from './fields.js'

/** Of a body. Codes of some providers have thousands. */
const mostBytes = 16 * 1024

export function providerSignInRoutes({ providerSignIn: found, audit }: RelayContext): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })

  app.get('/', (c) => c.json(found ? { name: found.name } : {}))

  app.post('/start', async (c) => {
    const providerSignIn = needed()
    checkPlace(c.req.header('origin'), providerSignIn.origin)
    const { location, ticket } = await providerSignIn.begin()
    const { name, options } = cookieOf(providerSignIn.origin)
    setCookie(c, name, ticket, { ...options, maxAge: ticketMs / 1000 })
    return c.json({ location })
  })

  app.post('/token', async (c) => {
    const providerSignIn = needed()
    checkPlace(c.req.header('origin'), providerSignIn.origin)
    const body = asObject(await jsonOf(c.req.raw, mostBytes))
    only(body, ['code', 'state', 'iss', 'error'])
    const returned = { state: '', ...text(body, 'code'), ...text(body, 'state'), ...text(body, 'iss'), ...text(body, 'error') }
    const { name, options } = cookieOf(providerSignIn.origin)
    const { caller, signedIn } = await providerSignIn.finish(returned, getCookie(c, name) ?? '')
    deleteCookie(c, name, options)
    await audit.append({ actor: caller.id, action: 'auth.sign_in', tenant: caller.tenant })
    return c.json(answerOf(signedIn))
  })

  function needed() {
    if (found) return found
    throw new LeashError('not_found', 'This relay has no identity provider to sign in at. Sign in with a key.')
  }

  return app
}

/** The cookie and the way back are of one address alone, and a page of another site has no business here. */
function checkPlace(origin: string | undefined, own: string): void {
  if (origin === undefined || origin === own) return
  throw new LeashError('permission_denied', `The identity provider knows the relay by ${own}. Open that, and sign in there.`)
}

/** By its name, a browser takes it from no other host of the domain: https://www.rfc-editor.org/rfc/rfc6265bis#section-4.1.3.2 */
function cookieOf(origin: string) {
  const secure = origin.startsWith('https:')
  const options = { httpOnly: true, secure, sameSite: 'Lax', path: '/' } as const
  return { name: secure ? '__Host-leash-sign-in' : 'leash-sign-in', options }
}
