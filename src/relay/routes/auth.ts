/** Signing in: a key, or an e-mail address with a password, for a token that holds for a while. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { asObject, type Members } from '../../core/json.js'
import { jsonOf } from '../http/body.js'
import { callerOf, isAdministrator, isToken, keyIn } from '../people/caller.js'
import { emailOf } from '../people/record.js'
import { idOfUser, type SignedIn } from '../people/tokens.js'
import type { RelayContext } from './context.js'
import { only, required, text } from './fields.js'
import { notAdministrative } from './rights.js'

/** Of a body: there are three short members. */
const mostBytes = 4096

export function authRoutes({ callers, tokens, users, attempts, audit }: RelayContext): Hono {
  const app = new Hono()

  app.post('/token', async (c) => {
    const { headers } = c.req.raw
    const presented = keyIn(headers)
    c.header('cache-control', 'no-store')
    if (presented === undefined) return c.json(answerOf(await byPassword(asObject(await jsonOf(c.req.raw, mostBytes)))))
    const caller = await callerOf(callers, headers)
    if (isToken(presented)) return c.json(answerOf((await tokens.renew(presented)) ?? refused()))
    if (!isAdministrator(caller) && caller.role === undefined) throw notAdministrative()
    await audit.append({ actor: caller.id, action: 'auth.sign_in', tenant: caller.tenant })
    return c.json(answerOf(await tokens.issue(caller)))
  })

  async function byPassword(body: Members): Promise<SignedIn> {
    only(body, ['email', 'password', 'tenant'])
    const [email, password] = [emailOf(required(body, 'email')), required(body, 'password')]
    const { tenant = 'default' } = text(body, 'tenant')
    const who = `${tenant.slice(0, 100)} ${email.slice(0, 200)}`
    const user = await users.signIn(tenant, email, password, () => attempts.begin(who))
    if (!user) throw new LeashError('authentication_failed', 'The e-mail address or the password is wrong.')
    await attempts.succeeded(who)
    const id = idOfUser(user.id)
    await audit.append({ actor: id, action: 'auth.sign_in', tenant })
    return tokens.issue({ id, tenant, mark: user.mark })
  }

  return app
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export const answerOf = ({ token, expiresIn }: SignedIn) => ({ access_token: token, token_type: 'Bearer', expires_in: expiresIn })

function refused(): never {
  throw new LeashError('authentication_failed', 'Your session has ended. Sign in again.')
}
