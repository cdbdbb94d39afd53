/** Virtual keys: made, shown once, turned over and taken back. */
import { type Context, Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import type { Members } from '../../core/json.js'
import { audited } from '../audit/audited.js'
import { type KeyRecord, type KeyScope, keyScopes, type NewKey, noKey } from '../keys/keys.js'
import { isAdministrator } from '../people/caller.js'
import { roles } from '../people/roles.js'
import { policyName } from '../policy/policies.js'
import { type AdminEnv, bodyOf, mayGive, notOneself, pageOf, type Reach, tenantOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { flag, moment, oneOf, only, required, text } from './fields.js'
import { within } from './rights.js'

export function adminKeys(context: RelayContext): Hono<AdminEnv> {
  const { keys, policies } = context
  const app = new Hono<AdminEnv>()

  /** One that the caller may change: of others he learns nothing. */
  const changeable = async (c: Context<AdminEnv, '/:id'>): Promise<KeyRecord> => {
    const record = await keys.get(c.req.param('id'))
    if (!record || !isWithin(c.get('reach'), record)) throw noKey()
    if (record.role !== c.get('caller').role) mayGive(c.get('caller'), record.role)
    if (reachesBeyond(record) && !isAdministrator(c.get('caller')))
      throw new LeashError('permission_denied', "This is a key of the relay's administrators.")
    return record
  }

  app.get('/', async (c) => {
    return c.json(await keys.list({ ...pageOf(c, 'tenant', 'user'), ...c.get('reach') }))
  })

  app.post('/', async (c) => {
    const wanted = newKey({ ...c.get('reach'), ...(await bodyOf(c)) })
    within(c.get('reach'), wanted)
    mayGive(c.get('caller'), wanted.role)
    if (reachesBeyond(wanted) && !isAdministrator(c.get('caller')))
      throw new LeashError('permission_denied', "Only the relay's administrators make keys that reach beyond their tenant.")
    await tenantOf(context, wanted.tenant)
    const { record, ...secrets } = await audited(
      context,
      (sql) => keys.create(wanted, sql),
      ({ record: { tenant, id } }) => ({ actor: c.get('actor'), action: 'key.create', tenant, target: id }),
    )
    return c.json({ ...secrets, ...record }, 201)
  })

  app.post('/:id/revoke', async (c) => {
    notOneself(c.req.param('id'), c.get('actor'))
    const { id, tenant } = await changeable(c)
    const record = await audited(
      context,
      (sql) => keys.revoke(id, sql),
      () => ({ actor: c.get('actor'), action: 'key.revoke', tenant, target: id }),
    )
    keys.forget(tenant)
    return c.json(record)
  })

  app.post('/:id/rotate', async (c) => {
    const { id, tenant } = await changeable(c)
    const { record, ...secrets } = await audited(
      context,
      async (sql) => {
        const made = await keys.rotate(id, { sql })
        await policies.handOn(policyName(tenant, id), policyName(tenant, made.record.id), sql)
        return made
      },
      () => ({ actor: c.get('actor'), action: 'key.rotate', tenant, target: id }),
    )
    keys.forget(tenant)
    return c.json({ ...secrets, ...record }, 201)
  })

  return app
}

/** Scopes that reach beyond the tenant of a key: metrics are of all of them. */
const ofRelay: readonly KeyScope[] = ['admin', 'metrics']

export const reachesBeyond = ({ scopes = [] }: Pick<NewKey, 'scopes'>): boolean => scopes.some((scope) => ofRelay.includes(scope))

const isWithin = (reach: Reach, { tenant, user }: KeyRecord) =>
  (reach.tenant ?? tenant) === tenant && (reach.user ?? user) === user

function newKey(body: Members) {
  only(body, ['tenant', 'user', 'name', 'scopes', 'role', 'signed', 'certificate', 'expiresAt'])
  const scopes = scopesOf(body.scopes)
  return {
    tenant: required(body, 'tenant'),
    ...text(body, 'user'),
    ...text(body, 'name'),
    ...moment(body, 'expiresAt'),
    ...oneOf(body, 'role', roles),
    ...flag(body, 'signed'),
    ...text(body, 'certificate'),
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
