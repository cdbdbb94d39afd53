/** What every database must do for users, their keys and policies, and the vendor keys of tenants. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { Keys } from '../../../src/relay/keys/keys.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { Users } from '../../../src/relay/people/users.js'
import { Clients } from '../../../src/relay/policy/clients.js'
import { Policies } from '../../../src/relay/policy/policies.js'
import { VendorKeys } from '../../../src/relay/vendors/vendor-keys.js'
import type { Open } from './scenarios.js'

/** @param open one with the relay's tables */
export function identityScenarios(open: Open): void {
  const tenant = 'people'
  const opened = async () => {
    const sql = await open()
    const tenants = new Tenants({ sql })
    if (!(await tenants.get(tenant))) await tenants.create({ slug: tenant, plan: 'people' })
    return sql
  }

  it('keeps users, one to an id and an address, and stops the keys of those who are suspended', async () => {
    const sql = await opened()
    const users = new Users({ sql })
    const { id } = await users.create({ tenant, email: 'ada@example.com', role: 'admin' })
    await expect(users.create({ tenant, email: 'Ada@example.com' })).rejects.toMatchObject({ status: 409 })
    await users.setPassword(tenant, id, 'correct horse battery')
    expect(await users.signIn(tenant, 'ADA@example.com', 'correct horse battery')).toMatchObject({ id, role: 'admin' })
    expect(await users.signIn(tenant, 'ada@example.com', 'wrong horse battery')).toBeUndefined()
    expect(await users.signIn('a\0b', 'ada@example.com', 'wrong horse battery')).toBeUndefined()
    const keys = await Keys.open({ sql, pepper: { secret: 'x'.repeat(32) } })
    const { key, record } = await keys.create({ tenant, user: id, role: 'member', signed: true })
    expect(await keys.verify(key)).toMatchObject({ role: 'member', signed: true, scopes: [] })
    expect(await users.update(tenant, id, { status: 'suspended' })).toMatchObject({ email: 'ada@example.com', role: 'admin' })
    keys.forget(tenant)
    expect([await keys.verify(key), await keys.holding(record.id)]).toEqual([undefined, undefined])
    await users.delete(tenant, id)
    expect(await users.get(tenant, id)).toBeUndefined()
    await keys.close()
  })

  it('keeps vendor keys, and wraps them anew for another master key', async () => {
    const sql = await opened()
    const [old, next] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
    const open = (secret: string) => new VendorKeys({ sql, master: { secret } })
    await sql.run('DELETE FROM data_keys')
    await open(old).set(tenant, 'openai', 'sk-of-the-tenant-1234', 'ada')
    await open(old).set(tenant, 'openai', 'sk-of-the-tenant-5678', 'ada')
    expect(await open(`${next},${old}`).rewrap()).toBe(1)
    expect(await open(next).of(tenant)).toEqual({ openai: 'sk-of-the-tenant-5678' })
    expect(await open(next).list(tenant)).toMatchObject([{ provider: 'openai', last4: '5678' }])
    await open(next).delete(tenant, 'openai')
    expect(await open(next).of(tenant)).toEqual({})
  })

  it('keeps policies of keys, and which of them clients hold to', async () => {
    const sql = await opened()
    const policies = new Policies({ sql, usual: {} })
    const keys = await Keys.open({ sql, pepper: { secret: 'x'.repeat(32) } })
    const { record } = await keys.create({ tenant })
    const { version } = await policies.set(tenant, { maxAttempts: 3 }, 'ada')
    await policies.set(`${tenant}/${record.id}`, { strict: true }, 'ada')
    const inForce = await policies.inForceFor({ tenant, id: record.id })
    expect(inForce).toMatchObject({ version, keyVersion: 1, policy: { maxAttempts: 3, strict: true } })
    const clients = new Clients({ sql, warn: (message) => expect.unreachable(message) })
    clients.seen(record, 'client-one', `${version}.1`)
    clients.seen(record, 'client-one', `${version}.2`)
    await clients.close()
    const { items } = await clients.list({ tenant })
    expect(items).toMatchObject([{ client: 'client-one', key: record.id }])
    await keys.close()
  })
}
