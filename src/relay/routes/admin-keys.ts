/** Virtual keys: made, shown once, turned over and taken back. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import { jsonOf } from '../body.js'
import { type KeyScope, keyScopes } from '../keys.js'
import { type AdminEnv, notOneself } from './admin-env.js'
import { mostBytes, type RelayContext } from './context.js'
import { moment, only, required, text } from './fields.js'

export function adminKeys({ keys, tenants, audit }: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()

  app.get('/', async (c) => {
    const { tenant, user, after } = c.req.query()
    const filters = Object.entries({ tenant, user, after }).filter(([, value]) => value !== undefined)
    return c.json(await keys.list(Object.fromEntries(filters)))
  })

  app.post('/', async (c) => {
    const wanted = newKey(asObject(await jsonOf(c.req.raw, mostBytes)))
    if (!(await tenants.get(wanted.tenant))) throw new LeashError('not_found', 'There is no such tenant.')
    const { key, record } = await keys.create(wanted)
    await audit.append({ actor: c.get('actor'), action: 'key.create', tenant: record.tenant, target: record.id })
    return c.json({ key, ...record }, 201)
  })

  app.post('/:id/revoke', async (c) => {
    notOneself(c.req.param('id'), c.get('actor'))
    const record = await keys.revoke(c.req.param('id'))
    await audit.append({ actor: c.get('actor'), action: 'key.revoke', tenant: record.tenant, target: record.id })
    return c.json(record)
  })

  app.post('/:id/rotate', async (c) => {
    const { key, record } = await keys.rotate(c.req.param('id'))
    await audit.append({ actor: c.get('actor'), action: 'key.rotate', tenant: record.tenant, target: c.req.param('id') })
    return c.json({ key, ...record }, 201)
  })

  return app
}

function newKey(body: Readonly<Record<string, unknown>>) {
  only(body, ['tenant', 'user', 'name', 'scopes', 'expiresAt'])
  const scopes = scopesOf(body.scopes)
  return {
    tenant: required(body, 'tenant'),
    ...text(body, 'user'),
    ...text(body, 'name'),
    ...moment(body, 'expiresAt'),
    ...(scopes && { scopes }),
  }
}

function scopesOf(given: unknown): KeyScope[] | undefined {
  if (given === undefined) return undefined
  const found = Array.isArray(given) ? given.map((scope) => keyScopes.find((known) => known === scope)) : [undefined]
  const known = found.filter((scope) => scope !== undefined)
  if (known.length === found.length && known.length > 0) return known
  throw new LeashError('invalid_request', `\`scopes\` is a list of: ${keyScopes.join(', ')}.`, { param: 'scopes' })
}
