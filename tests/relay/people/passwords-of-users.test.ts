/** Who may come in by a password, and who may not any more. */
import { beforeEach, expect, it } from 'vitest'
import { Tenants } from '../../../src/relay/people/tenants.js'
import { Users } from '../../../src/relay/people/users.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openStore } from '../store/open.js'

const password = 'correct horse battery'
let sql: Sql
let users: Users
let tenants: Tenants

const signIn = (shown = password) => users.signIn('red', 'Ada@example.com', shown)

beforeEach(async () => {
  sql = await openStore()
  users = new Users({ sql })
  tenants = new Tenants({ sql })
  await tenants.create({ slug: 'red' })
  await users.create({ tenant: 'red', id: 'ada', email: 'ada@example.com', name: 'Ada' })
  await users.create({ tenant: 'red', id: 'bob', email: 'bob@example.com' })
  await users.setPassword('red', 'ada', password)
})

it('lets in who is active, in a tenant that is, and tells of each try', async () => {
  let tries = 0
  const begin = () => void tries++
  const found = await users.signIn('red', 'ada@example.com', password, begin)
  expect(found).toMatchObject({ id: 'ada', role: 'member', mark: expect.any(String) })
  expect(await users.signIn('red', 'nobody@example.com', password, begin)).toBeUndefined()
  expect(tries).toBe(2)
  expect(await signIn(`${password}!`)).toBeUndefined()
})

it('lets in nobody who is suspended, or whose tenant is, and no session that he has', async () => {
  const { mark = '' } = (await signIn()) ?? {}
  const holding = (by = mark) => users.holding('red', 'ada', by)
  expect(await holding()).toMatchObject({ id: 'ada' })
  expect(await holding('of another password')).toBeUndefined()
  await users.update('red', 'ada', { status: 'suspended' })
  expect([await signIn(), await holding()]).toEqual([undefined, undefined])
  await users.update('red', 'ada', { status: 'active' })
  await tenants.update('red', { status: 'suspended' })
  expect([await signIn(), await holding()]).toEqual([undefined, undefined])
})

it('leaves nothing of who is deleted but his id, and gives him no password', async () => {
  await users.delete('red', 'ada')
  const [row] = await sql.all('SELECT * FROM users WHERE id = $1', ['ada'])
  expect(row).toMatchObject({ status: 'deleted', name: '', password: null })
  expect(JSON.stringify(row)).not.toContain('example.com')
  expect((await users.list('red')).items.map(({ id }) => id)).toEqual(['bob'])
  let noted = false
  const setting = users.setPassword('red', 'ada', password, async () => void (noted = true))
  await expect(setting).rejects.toMatchObject({ code: 'not_found' })
  expect(noted).toBe(false)
  expect(await users.create({ tenant: 'red', email: 'ada@example.com' })).toMatchObject({ email: 'ada@example.com' })
})

it('keeps an address for one alone, who may be told it again', async () => {
  expect(await users.update('red', 'ada', { email: ' ADA@example.com' })).toMatchObject({ email: 'ada@example.com' })
  await expect(users.update('red', 'ada', { email: 'BOB@example.com' })).rejects.toMatchObject({ status: 409, param: 'email' })
})
