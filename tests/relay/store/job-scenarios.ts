/** What jobs do in every database, whatever is behind it. */
import { expect, test } from 'vitest'
import { Callbacks, noticeOf } from '../../../src/relay/jobs/callback.js'
import { type Ended, JobStore } from '../../../src/relay/jobs/store.js'
import type { Caller } from '../../../src/relay/people/caller.js'
import { WebhookQueue } from '../../../src/relay/webhooks/queue.js'
import type { Open } from './scenarios.js'

export function jobScenarios(openSql: Open): void {
  const caller: Caller = { tenant: 'jobs-red', id: 'key', scopes: ['call'] }
  const owner = (name: string) => ({ owner: name, holdMs: 1000 })
  const fresh = {
    ...{ tenant: 'jobs-red', key: 'key', user: undefined, model: 'm', request: {}, callback: undefined, once: undefined },
    asked: 'this',
    ttlMs: 60_000,
    mostQueued: 10,
  }

  async function open() {
    const sql = await openSql()
    for (const slug of ['jobs-red', 'jobs-blue'])
      await sql.run(
        'INSERT INTO tenants (slug, name, plan, status, metadata, created_at, updated_at) VALUES ($1, $1, $2, $3, $4, 0, 0)',
        [slug, '', 'active', '{}'],
      )
    const clock = { now: 1_700_000_000_000 }
    const queue = new WebhookQueue({ sql, now: () => clock.now, receivers: async () => [] })
    const callbacks = new Callbacks({ sql, pepper: 'a pepper that is long enough for everybody' })
    const ended: Ended = async (job, status, code, sql) => {
      if (job.callback !== undefined) await queue.send(callbacks.nameOf(job), noticeOf(job, status, code), sql)
    }
    return { sql, clock, queue, callbacks, store: new JobStore({ sql, now: () => clock.now, ended }) }
  }

  test('of a relay that died are queued again when nobody had worked on them, and have failed otherwise', async () => {
    const { clock, store } = await open()
    await store.add(fresh)
    await store.add({ ...fresh, tenant: 'jobs-blue' })
    const [idle, sent] = [await store.claim(owner('dead'), 1), await store.claim(owner('dead'), 1)]
    if (!idle || !sent) throw new Error('Both are to be had.')
    expect(await store.sending(sent, owner('dead'))).toBe(true)
    expect(await store.recover(owner('other'), false)).toEqual([])
    clock.now += 1001
    expect(await store.recover(owner('other'), false)).toMatchObject([{ id: sent.id, status: 'failed', code: 'interrupted' }])
    expect(await store.answer(sent, sent.id)).toMatchObject({ status: 502, body: { error: { code: 'interrupted' } } })
    expect(await store.get(idle, idle.id)).toMatchObject({ status: 'queued' })
    // Whoever comes back from the dead finds that the jobs are another's.
    expect(await store.sending(idle, owner('dead'))).toBe(false)
    expect(await store.end(sent, owner('dead'), 'done', { status: 200, body: {} })).toBe(false)
    expect(await store.claim(owner('other'), 1)).toMatchObject({ id: idle.id, request: '{}' })
  })

  test('of a relay that died while a provider worked on them tell so where they were to tell their end', async () => {
    const { clock, store, queue } = await open()
    const { id } = await store.add({ ...fresh, callback: 'https://example.com/done' })
    const job = await store.claim(owner('dead'), 1)
    if (!job) throw new Error('It is to be had.')
    await store.sending(job, owner('dead'))
    clock.now += 1001
    for (const name of ['one', 'two']) await store.recover(owner(name), false)
    const told = (await queue.take({ most: 10 })).map(({ body }) => JSON.parse(body).data)
    expect(told).toMatchObject([{ id, status: 'failed', code: 'interrupted' }])
  })

  test('are submitted once under one name, by one key', async () => {
    const { sql, store } = await open()
    const named = { ...fresh, once: 'mine' }
    const [first, ...again] = await Promise.all([store.add(named), store.add(named), store.add(named)])
    expect(again.map(({ id }) => id)).toEqual([first?.id, first?.id])
    await expect(store.add({ ...named, asked: 'that' })).rejects.toMatchObject({ code: 'invalid_request', status: 422 })
    // Of what an older version has taken, nobody knows what it was.
    await sql.run('UPDATE jobs SET asked = NULL WHERE id = $1', [first?.id ?? ''])
    expect((await store.add({ ...named, asked: 'that' })).id).toBe(first?.id)
    expect((await store.add({ ...named, key: 'other', asked: 'that' })).id).not.toBe(first?.id)
    expect((await store.add(fresh)).id).not.toBe((await store.add(fresh)).id)
  })

  test('are submitted anew under their name when their time is over, whatever they came to, and only then', async () => {
    const { clock, store } = await open()
    const named = { ...fresh, once: 'mine', ttlMs: 1000 }
    const { id: queued } = await store.add(named)
    clock.now += 999
    expect((await store.add(named)).id).toBe(queued)
    clock.now++
    const { id: running } = await store.add({ ...named, asked: 'that' })
    expect(await store.get(caller, running)).toMatchObject({ status: 'queued' })
    expect(await store.claim(owner('one'), 1)).toMatchObject({ id: running })
    clock.now += 1000
    const { id: third } = await store.add(named)
    expect(new Set([queued, running, third]).size).toBe(3)
    expect((await store.add(named)).id).toBe(third)
  })

  test('are held by whoever says again that they are', async () => {
    const { clock, store } = await open()
    const { id } = await store.add(fresh)
    await store.claim(owner('one'), 1)
    clock.now += 900
    expect([...(await store.renew(owner('one')))]).toEqual([`jobs-red/${id}`])
    clock.now += 900
    expect(await store.recover(owner('two'), false)).toEqual([])
    await store.cancel(caller, id)
    expect((await store.renew(owner('one'))).size).toBe(0)
  })

  test('run for each tenant, and no more at once than it may, whoever takes them', async () => {
    const { store } = await open()
    for (let count = 0; count < 3; count++) await store.add(fresh)
    await store.add({ ...fresh, tenant: 'jobs-blue' })
    const taken = await Promise.all(['one', 'two', 'three', 'four', 'five'].map((name) => store.claim(owner(name), 2)))
    // Whoever comes second to a job takes the next: nobody goes away while there is one.
    const tenants = taken.flatMap((job) => (job ? [job.tenant] : []))
    expect(tenants.sort()).toEqual(['jobs-blue', 'jobs-red', 'jobs-red'])
  })

  test('are taken in the order in which they wait, of those whose tenant has room', async () => {
    const { clock, store } = await open()
    const add = async (tenant: string, ttlMs = 60_000) => {
      clock.now++
      return (await store.add({ ...fresh, tenant, ttlMs })).id
    }
    const [first, late] = [await add('jobs-red'), await add('jobs-red', 10)]
    const [second, blue, third] = [await add('jobs-red'), await add('jobs-blue'), await add('jobs-red')]
    clock.now += 20
    const claim = async () => (await store.claim(owner('one'), 2))?.id
    expect([await claim(), await claim(), await claim(), await claim()]).toEqual([first, second, blue, undefined])
    await store.cancel(caller, first)
    expect(await claim()).toBe(third)
    expect(late).not.toBe(third)
  })

  test('are forgotten in their time, and their requests as soon as they are over', async () => {
    const { clock, store } = await open()
    const { id } = await store.add({ ...fresh, request: { secret: 'prompt' } })
    const job = await store.claim(owner('one'), 1)
    if (!job) throw new Error('It is to be had.')
    expect(job.request).toContain('prompt')
    await store.end(job, owner('one'), 'done', { status: 200, body: {} })
    await store.add({ ...fresh, ttlMs: 1000 })
    clock.now += 2000
    expect(await store.claim(owner('one'), 5)).toBeUndefined()
    expect(await store.prune()).toBe(1)
    expect(await store.get(caller, id)).toMatchObject({ status: 'done' })
    clock.now += 60_000
    expect(await store.get(caller, id)).toBeUndefined()
    expect(await store.prune()).toBe(1)
  })

  test('that are over stay as they ended, and tell it once, whoever comes second', async () => {
    const { store, queue } = await open()
    const callback = 'https://example.com/done'
    const answer = { status: 200, body: { text: 'Hi' } }
    for (const asked of ['one', 'two']) await store.add({ ...fresh, asked, callback })
    const [done, cancelled] = [await store.claim(owner('one'), 2), await store.claim(owner('one'), 2)]
    if (!done || !cancelled) throw new Error('Both are to be had.')
    expect(await store.end(done, owner('one'), 'done', answer)).toBe(true)
    expect(await store.cancel(caller, done.id)).toBe(false)
    expect(await store.get(caller, done.id)).toMatchObject({ status: 'done' })
    expect(await store.answer(caller, done.id)).toEqual(answer)
    expect(await store.cancel(caller, cancelled.id)).toBe(true)
    expect(await store.end(cancelled, owner('one'), 'done', answer)).toBe(false)
    expect(await store.get(caller, cancelled.id)).toMatchObject({ status: 'cancelled' })
    expect(await store.answer(caller, cancelled.id)).toBeUndefined()
    const told = (await queue.take({ most: 10 })).map(({ body }) => JSON.parse(body).data)
    expect(told.map(({ id, status }) => [id, status]).sort()).toEqual(
      [
        [done.id, 'done'],
        [cancelled.id, 'cancelled'],
      ].sort(),
    )
  })

  test('whose time is over are in no list, also before they are forgotten', async () => {
    const { clock, store } = await open()
    await store.add({ ...fresh, ttlMs: 1000 })
    const { id } = await store.add({ ...fresh, asked: 'other' })
    clock.now += 2000
    expect((await store.list(caller, {})).items.map((job) => job.id)).toEqual([id])
  })

  test('whose time is over before anybody came to them have failed, and are not forgotten before that is told', async () => {
    const { clock, store, queue, callbacks } = await open()
    const url = 'https://example.com/done'
    const { id } = await store.add({ ...fresh, callback: url, once: 'mine', ttlMs: 1000 })
    clock.now += 2000
    expect(await store.prune()).toBe(0)
    expect(await store.get(caller, id)).toBeUndefined()
    expect((await store.add({ ...fresh, once: 'mine' })).id).not.toBe(id)
    const [due] = await queue.take({ most: 10 })
    expect(JSON.parse(due?.body ?? '')).toMatchObject({ data: { id, status: 'failed', code: 'deadline_exceeded' } })
    expect(await callbacks.target(due?.endpoint ?? '')).toMatchObject({ url })
    await queue.delivered(due?.id ?? '', 'It answered 204.')
    expect(await store.prune()).toBe(1)
    expect(await queue.take({ most: 10 })).toEqual([])
  })
}
