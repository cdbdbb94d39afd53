import { afterEach, beforeEach, expect, test } from 'vitest'
import { Audit } from '../../../src/relay/audit/audit.js'
import { audited } from '../../../src/relay/audit/audited.js'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { migrate } from '../../../src/relay/store/migrations.js'
import { openSqlite, type SqliteSql } from '../../../src/relay/store/sqlite.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
let sql: SqliteSql

beforeEach(async () => {
  sql = await openSqlite({ file: ':memory:' })
  await migrate(sql)
})
afterEach(() => sql.close())

const make = (slug: string, detail: { readonly text: string }) =>
  audited(
    { sql, audit: new Audit({ sql }) },
    (sql) => new Tenants({ sql }).create({ slug }),
    () => ({ actor: 'somebody', action: 'tenant.create', tenant: slug, detail }),
  )

test('a change whose line in the audit cannot be written is not made', async () => {
  await expect(make('red', { text: 'x'.repeat(100_000) })).rejects.toThrow('detail')
  expect(await new Tenants({ sql }).get('red')).toBeUndefined()
  await make('blue', { text: '' })
  expect((await new Audit({ sql }).list()).items).toMatchObject([{ action: 'tenant.create', tenant: 'blue' }])
})

test('a change that is not made leaves no line', async () => {
  await make('red', { text: '' })
  await expect(make('red', { text: '' })).rejects.toThrow('taken')
  expect((await new Audit({ sql }).list()).items).toHaveLength(1)
})

test('every change by the administration has its line, at once', async () => {
  const { ask } = await openRelay(mock.url)
  await ask('POST', '/v1/admin/tenants', { slug: 'red' })
  await ask('PATCH', '/v1/admin/tenants/red', { plan: 'team' })
  await ask('POST', '/v1/admin/tenants/red/users', { id: 'ada', email: 'ada@example.com' })
  await ask('PATCH', '/v1/admin/tenants/red/users/ada', { role: 'viewer' })
  await ask('DELETE', '/v1/admin/tenants/red/users/ada')
  const { body: key } = await ask('POST', '/v1/admin/keys', { tenant: 'red' })
  const { body: next } = await ask('POST', `/v1/admin/keys/${key.id}/rotate`)
  await ask('POST', `/v1/admin/keys/${next.id}/revoke`)
  await ask('PUT', '/v1/admin/tenants/red/policy', { maxAttempts: 2 })
  await ask('POST', '/v1/admin/tenants/red/policy/rollback', { version: 1 })
  await ask('DELETE', '/v1/admin/tenants/red')
  const { items } = (await ask('GET', '/v1/admin/audit?tenant=red')).body
  expect(items.map(({ action }: { action: string }) => action).reverse()).toEqual([
    'tenant.create',
    'tenant.update',
    'user.create',
    'user.update',
    'user.delete',
    'key.create',
    'key.rotate',
    'key.revoke',
    'policy.set',
    'policy.rollback',
    'tenant.delete',
  ])
})
