import { expect, it } from 'vitest'
import { Audit } from '../../../src/relay/audit/audit.js'
import type { Sql } from '../../../src/relay/store/sql.js'
import { openFile, openStore } from '../store/open.js'

async function open(opening: Promise<Sql> = openStore()) {
  let time = 1000
  const sql = await opening
  return { sql, audit: new Audit({ sql, now: () => time++ }) }
}

/** A trail of so many entries. */
async function trail(length: number) {
  const all = await open()
  for (let at = 1; at <= length; at++)
    await all.audit.append({
      actor: at % 2 ? 'ada' : 'bob',
      action: 'key.create',
      tenant: 'red',
      target: `key ${at}`,
      detail: { at },
    })
  return all
}

it('keeps what was done, each entry with the hash of the one before', async () => {
  const { audit } = await open()
  const first = await audit.append({ actor: 'ada', action: 'tenant.create', tenant: 'red', detail: { b: 1, a: ['x', null] } })
  const second = await audit.append({ actor: 'system', action: 'prune' })
  expect(first).toEqual({
    seq: 1,
    at: 1000,
    actor: 'ada',
    action: 'tenant.create',
    tenant: 'red',
    target: '',
    detail: { a: ['x', null], b: 1 },
    previous: '',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(second).toMatchObject({ seq: 2, previous: first.hash })
  expect((await audit.list()).items).toEqual([second, first])
  expect(await audit.verify()).toEqual({ ok: true, entries: 2, head: second.hash })
})

it('gives a hash that does not hang on the order in which members were written', async () => {
  const [one, other] = [await open(), await open(openFile())]
  const a = await one.audit.append({ actor: 'ada', action: 'x', detail: { a: 1, b: { c: 2, d: 3 } } })
  const b = await other.audit.append({ actor: 'ada', action: 'x', detail: { b: { d: 3, c: 2 }, a: 1 } })
  expect(a.hash).toBe(b.hash)
})

it('verifies texts that a database would give back as others', async () => {
  const { audit } = await open()
  await audit.append({ actor: 'a\ud800\0', action: 'ü\u{1f600}', target: 'x'.repeat(10_000), detail: { 'k\ud800': '\0\udfff' } })
  expect(await audit.verify()).toMatchObject({ ok: true })
})

it('has nothing against an empty trail', async () => {
  const { audit } = await open()
  expect(await audit.verify()).toEqual({ ok: true, entries: 0, head: '' })
  expect(await audit.list()).toEqual({ items: [] })
})

it.each([
  ['an actor', `UPDATE audit SET actor = 'eve' WHERE seq = 15`, 15, 'it was changed'],
  ['an action', `UPDATE audit SET action = 'key.list' WHERE seq = 15`, 15, 'it was changed'],
  ['a tenant', `UPDATE audit SET tenant = 'blue' WHERE seq = 15`, 15, 'it was changed'],
  ['a target', `UPDATE audit SET target = 'another' WHERE seq = 15`, 15, 'it was changed'],
  ['a detail', `UPDATE audit SET detail = '{"at":1}' WHERE seq = 15`, 15, 'it was changed'],
  ['a time', 'UPDATE audit SET at = at - 1 WHERE seq = 15', 15, 'it was changed'],
  ['a hash', `UPDATE audit SET hash = previous WHERE seq = 15`, 15, 'it was changed'],
  ['an entry that is taken out', 'DELETE FROM audit WHERE seq = 15', 15, 'it is missing'],
  ['the newest entry that is taken out', 'DELETE FROM audit WHERE seq = 21', 21, 'it is missing'],
  ['all entries that are taken out', 'DELETE FROM audit', 1, 'it is missing'],
  ['a head that was set back', `UPDATE audit_head SET seq = 20`, 20, 'it is not the newest that was written'],
  ['a head that is gone', 'DELETE FROM audit_head WHERE id = 1', 1, 'it is none of the chain'],
  [
    'an entry that was added behind the newest',
    `INSERT INTO audit SELECT seq + 9, at, actor, action, tenant, target, detail, hash, hash FROM audit WHERE seq = 21`,
    30,
    'it is none of the chain',
  ],
  [
    'a beginning that was set to the end, before which anything may stand',
    'INSERT INTO audit_head (id, seq, hash) SELECT 2, seq, hash FROM audit_head WHERE id = 1',
    1,
    'it is none of the chain',
  ],
])('finds %s', async (_, forgery, seq, why) => {
  const { audit, sql } = await trail(21)
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 21 })
  await sql.run(forgery)
  expect(await audit.verify()).toEqual({ ok: false, seq, why })
})

it('finds the oldest entries gone where none says so, whatever the beginning is said to be', async () => {
  const { audit, sql } = await trail(10)
  await sql.run('INSERT INTO audit_head (id, seq, hash) SELECT 2, seq, hash FROM audit WHERE seq = 4')
  await sql.run('DELETE FROM audit WHERE seq <= 4')
  expect(await audit.verify()).toEqual({ ok: false, seq: 4, why: 'it was taken out, and no entry says so' })
})

it('verifies a trail that is longer than what it reads at once', async () => {
  const { audit, sql } = await open()
  await sql.transaction(async (inner) => {
    for (let at = 1; at <= 1003; at++) await audit.append({ actor: 'ada', action: 'x' }, inner)
  })
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 1003 })
  await sql.run('DELETE FROM audit WHERE seq = 1001')
  expect(await audit.verify()).toEqual({ ok: false, seq: 1001, why: 'it is missing' })
})

it('finds two entries that changed places', async () => {
  const { audit, sql } = await trail(4)
  for (const [from, to] of [
    [2, 9],
    [3, 2],
    [9, 3],
  ])
    await sql.run('UPDATE audit SET seq = $1 WHERE seq = $2', [to ?? 0, from ?? 0])
  expect(await audit.verify()).toMatchObject({ ok: false, seq: 2 })
})

it('chains a hundred entries that come at once, without a gap', async () => {
  const { audit } = await open()
  const all = await Promise.all(Array.from({ length: 100 }, () => audit.append({ actor: 'ada', action: 'x' })))
  expect(all.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1))
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 100 })
})

it('leaves no entry, and no gap, of what did not come about', async () => {
  const { audit, sql } = await trail(1)
  const failed = sql.transaction(async (inner) => {
    await audit.append({ actor: 'ada', action: 'x' }, inner)
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await audit.append({ actor: 'ada', action: 'y' })).toMatchObject({ seq: 2 })
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 2 })
})

it('lists by who, what, whose and when, the newest first and page by page', async () => {
  const { audit } = await trail(10)
  await audit.append({ actor: 'ada', action: 'key.revoke', tenant: 'blue' })
  const seqs = async (query: Parameters<Audit['list']>[0]) => (await audit.list(query)).items.map(({ seq }) => seq)
  expect(await seqs({ actor: 'bob' })).toEqual([10, 8, 6, 4, 2])
  expect(await seqs({ actor: 'ada', tenant: 'red', before: 6 })).toEqual([5, 3, 1])
  expect(await seqs({ action: 'key.revoke' })).toEqual([11])
  expect(await seqs({ target: 'key 7' })).toEqual([7])
  expect(await seqs({ from: 1003, to: 1006 })).toEqual([6, 5, 4])
  const first = await audit.list({ actor: 'bob', limit: 3 })
  expect(first).toMatchObject({ items: [{ seq: 10 }, { seq: 8 }, { seq: 6 }], next: '6' })
  expect(await audit.list({ actor: 'bob', limit: 3, before: Number(first.next) })).not.toHaveProperty('next')
  await expect(audit.list({ limit: 1001 })).rejects.toMatchObject({ code: 'invalid_request', param: 'limit' })
})

it('takes out the oldest entries, says so in the trail, and still verifies', async () => {
  const { audit, sql } = await trail(10)
  expect(await audit.prune(1004)).toBe(4)
  const verdict = await audit.verify()
  expect(verdict).toMatchObject({ ok: true, entries: 7 })
  expect((await audit.list({ action: 'audit.prune' })).items).toMatchObject([
    { seq: 11, actor: 'relay', detail: { entries: 4, through: 4, hash: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  ])
  expect(await audit.prune(1004)).toBe(0)
  expect(await audit.prune(1007)).toBe(3)
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 5 })
  await sql.run('DELETE FROM audit WHERE seq = 8')
  expect(await audit.verify()).toEqual({ ok: false, seq: 8, why: 'it is missing' })
})

it('verifies when all entries but what tells of it are gone', async () => {
  const { audit } = await trail(3)
  expect(await audit.prune(Number.MAX_SAFE_INTEGER)).toBe(3)
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 1 })
})

it('refuses a detail that is too long', async () => {
  const { audit } = await open()
  await expect(async () => audit.append({ actor: 'ada', action: 'x', detail: { a: 'x'.repeat(65_536) } })).rejects.toMatchObject({
    code: 'invalid_request',
  })
})

it('is as whole as it was while old entries are taken out', async () => {
  const { sql, audit } = await trail(20)
  let reads = 0
  const slow: Sql = {
    ...sql,
    all: async (text, params) => {
      if (++reads === 2) await audit.prune(1010)
      return sql.all(text, params)
    },
  }
  expect(await new Audit({ sql: slow }).verify()).toMatchObject({ ok: true, entries: 11 })
  await sql.run('DELETE FROM audit WHERE seq = 15')
  reads = 0
  expect(await new Audit({ sql: slow }).verify()).toMatchObject({ ok: false, seq: 15, why: 'it is missing' })
})
