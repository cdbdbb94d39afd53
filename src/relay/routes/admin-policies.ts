/** Policies and their versions: of a tenant, and of a key over it. */
import { type Context, Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { compact } from '../../core/json.js'
import { checkPolicy } from '../../policy.js'
import { changesOf } from '../config/diff.js'
import { noKey } from '../keys/keys.js'
import { isAdministrator } from '../people/caller.js'
import { type PolicyVersion, policyName } from '../policy/policies.js'
import { tooHeavy } from '../policy/weight.js'
import { newHeader, widened } from '../policy/widened.js'
import type { Sql } from '../store/sql.js'
import { type AdminEnv, bodyOf, isDry, limitOf, tenantOf } from './admin-env.js'
import { reachesBeyond } from './admin-keys.js'
import type { RelayContext } from './context.js'
import { within } from './rights.js'

/** Whose policy is asked for: the name that it goes by, and the tenant that it belongs to. */
interface Whose {
  readonly name: string
  readonly tenant: string
  readonly target: string
  /** A key of the relay's administrators. */
  readonly ofRelay?: boolean
}

type Find = (id: string, c: Context<AdminEnv>) => Promise<Whose>

/** Below `/tenants`. */
export function tenantPolicies(context: RelayContext): Hono<AdminEnv> {
  return policyRoutes(context, '/:slug', async (slug) => {
    await tenantOf(context, slug)
    return { name: slug, tenant: slug, target: slug }
  })
}

/** Below `/keys`. */
export function keyPolicies(context: RelayContext): Hono<AdminEnv> {
  const { keys } = context
  return policyRoutes(context, '/:id', async (id, c) => {
    const record = await keys.get(id)
    if (!record) throw noKey()
    within(c.get('reach'), { tenant: record.tenant })
    return { name: policyName(record.tenant, id), tenant: record.tenant, target: id, ofRelay: reachesBeyond(record) }
  })
}

function policyRoutes({ policies, audit }: RelayContext, of: '/:slug' | '/:id', find: Find): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  const at = `${of}/policy`
  const whose = (c: Context<AdminEnv>) => find(c.req.param(of.slice(2)) ?? '', c)
  const checkWidened = async (c: Context<AdminEnv>, { name, tenant, ofRelay }: Whose, given: unknown) => {
    if (isAdministrator(c.get('caller'))) return
    if (ofRelay) throw new LeashError('permission_denied', "This is a key of the relay's administrators.")
    const next = checkPolicy(given)
    const inForce = await Promise.all([policies.inForce(name), policies.inForce(tenant), policies.version(tenant, 0)])
    const known = inForce.map(({ policy }) => policy)
    // Where a key may go, its tenant may too: it has to be let by both.
    const why = (of === '/:id' ? newHeader(next, known) : widened(next, known)) ?? (await tooHeavy(next, known))
    if (why !== undefined) throw new LeashError('permission_denied', `Only the relay's administrators ${why}.`)
  }

  app.get(at, async (c) => c.json(await policies.inForce((await whose(c)).name)))
  app.put(at, async (c) => {
    const found = await whose(c)
    const { name, tenant, target } = found
    const actor = c.get('actor')
    const also = (sql: Sql, { version }: PolicyVersion) =>
      audit.append({ actor, action: 'policy.set', tenant, target, detail: { version } }, sql)
    const policy = await bodyOf(c)
    await checkWidened(c, found, policy)
    return c.json(await policies.set(name, policy, actor, isDry(c), also))
  })
  app.get(`${at}/history`, async (c) => {
    const page = { ...limitOf(c), ...compact({ after: versionIn(c, 'after') }) }
    return c.json(await policies.history((await whose(c)).name, page))
  })
  app.get(`${of}/policies/diff`, async (c) => {
    const { name } = await whose(c)
    const to = versionIn(c, 'to') ?? (await policies.inForce(name)).version
    const from = versionIn(c, 'from') ?? Math.max(0, to - 1)
    const after = await policies.version(name, to)
    const before = await policies.version(name, from)
    return c.json({ from, to, changes: changesOf(before.policy, after.policy) })
  })
  app.post(`${at}/rollback`, async (c) => {
    const found = await whose(c)
    const { name, tenant, target } = found
    const { version } = await bodyOf(c)
    if (!isVersion(version)) throw new LeashError('invalid_request', 'Say which: `{ "version": 3 }`.')
    await checkWidened(c, found, (await policies.version(name, version)).policy)
    const actor = c.get('actor')
    const also = (sql: Sql, set: PolicyVersion) =>
      audit.append({ actor, action: 'policy.rollback', tenant, target, detail: { version: set.version, of: version } }, sql)
    return c.json(await policies.rollback(name, version, actor, also))
  })

  return app
}

const isVersion = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function versionIn(c: Context<AdminEnv>, name: string): number | undefined {
  const given = c.req.query(name)
  if (given === undefined) return undefined
  const version = Number(given || Number.NaN)
  if (isVersion(version)) return version
  throw new LeashError('invalid_request', `\`${name}\` is the number of a version.`, { param: name })
}
