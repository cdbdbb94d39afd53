/** Jobs of several relays over one database. */
import { queryObjects } from 'node:v8'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import type { Middleware } from '../../src/core/middleware.js'
import { openLeash } from '../../src/open-leash.js'
import { beforeSending } from '../../src/relay/gateway/before-sending.js'
import type { Gateway, Serving } from '../../src/relay/gateway/gateway.js'
import { Jobs, type JobsDeps } from '../../src/relay/jobs/jobs.js'
import type { Keys } from '../../src/relay/keys/keys.js'
import type { Caller } from '../../src/relay/people/caller.js'
import { Tenants } from '../../src/relay/people/tenants.js'
import type { Sql } from '../../src/relay/store/sql.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { serve } from '../helpers/serve.js'
import { openStore } from './store/open.js'

const mock = useMock()
const caller: Caller = { id: 'key', tenant: 'red', scopes: ['call'] }
const request = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }

function serving(vendor: string, outside: readonly Middleware[]): Serving {
  const options = { providers: mockProviders(vendor), use: [...outside, beforeSending] }
  return { ...openLeash(options), options }
}

type Times = Pick<JobsDeps, 'holdMs' | 'roundMs' | 'closeMs'>
type Open = (times: Times, holding?: () => Promise<Caller>) => Jobs

async function open(vendor = mock.url, ...outside: readonly Middleware[]): Promise<Open> {
  const sql: Sql = await openStore()
  await new Tenants({ sql }).create({ slug: 'red' })
  const one = serving(vendor, outside)
  onTestFinished(() => one.leash.close())
  const gateway = { serving: async () => one } as unknown as Gateway
  const callbacks = { check: (url: string) => new URL(url), jobEnded: async () => {} }
  const shared = { sql, gateway, callbacks, options: { perTenant: 1 }, alone: false, warn: () => {} }
  return (times, holding = async () => caller) => {
    const keys = { holding, isActive: async () => false } as unknown as Keys
    const jobs = new Jobs({ ...shared, ...times, keys })
    jobs.start()
    onTestFinished(() => jobs.close())
    return jobs
  }
}

const status = async (jobs: Jobs, id: string) => (await jobs.store.get(caller, id))?.status

test('what a relay leaves behind that says nothing any more, another takes up, and sends nothing again', async () => {
  const held = Promise.withResolvers<void>()
  let asked = 0
  const vendor = await serve(async () => {
    if (++asked === 2) await held.promise
    const message = { role: 'assistant', content: 'Hi' }
    return Response.json({ choices: [{ index: 0, message, finish_reason: 'stop' }] })
  })
  onTestFinished(() => vendor.close())
  const relay = await open(vendor.url)
  const silent = relay({ holdMs: 2000, roundMs: 60_000 })
  // Loads what calls need: the next one is sent at once, and long before it is no longer held.
  const { id } = await silent.submit(caller, { request })
  await until(async () => (await status(silent, id)) === 'done')
  const [one, two] = [await silent.submit(caller, { request }), await silent.submit(caller, { request })]
  await until(() => asked === 2)
  const other = relay({ holdMs: 60_000, roundMs: 30 })
  await until(async () => (await status(other, one.id)) === 'failed')
  await until(async () => (await status(other, two.id)) === 'done')
  // The first answer comes all the same, and is too late.
  held.resolve()
  await silent.close()
  expect(await other.store.get(caller, one.id)).toMatchObject({ status: 'failed', code: 'interrupted' })
  expect(asked).toBe(3)
})

test('what is cancelled at one relay stops at the other, which runs it', async () => {
  const relay = await open()
  mock.script({ hang: 'headers' })
  const runs = relay({ holdMs: 60_000, roundMs: 30 })
  const { id } = await runs.submit(caller, { request })
  await until(() => mock.requests.length === 1)
  const other = relay({ holdMs: 60_000, roundMs: 30 })
  expect(await other.cancel(caller, id)).toMatchObject({ status: 'cancelled' })
  await until(() => mock.requests[0]?.outcome === 'aborted')
})

test('what another relay has taken up before it was sent, that one alone sends', async () => {
  const held = Promise.withResolvers<void>()
  const relay = await open()
  const slow = relay({ holdMs: 50, roundMs: 60_000 }, async () => {
    await held.promise
    return caller
  })
  const { id } = await slow.submit(caller, { request })
  await until(async () => (await status(slow, id)) === 'running')
  const other = relay({ holdMs: 60_000, roundMs: 30 })
  await until(async () => (await status(other, id)) === 'done')
  held.resolve()
  await slow.close()
  expect(mock.requests).toHaveLength(1)
  expect(await status(other, id)).toBe('done')
})

test('what an administrator has submitted for a tenant that is served no more is not made', async () => {
  const jobs = (await open())({ holdMs: 60_000, roundMs: 30 }, async () => ({ ...caller, tenant: 'administrators' }))
  const { id } = await jobs.submit(caller, { request })
  await until(async () => (await status(jobs, id)) === 'failed')
  expect((await jobs.store.get(caller, id))?.code).toBe('authentication_failed')
  expect(mock.requests).toHaveLength(0)
})

test('a relay that stops gives back what has not been sent, and says of the rest that it may have been paid for', async () => {
  let [sent, waiting] = [false, false]
  const relay = await open(mock.url, (next) => (call) => {
    if (!sent) {
      sent = true
      return next(call)
    }
    waiting = true
    return new Promise((_, reject) => call.signal?.addEventListener('abort', () => reject(new Error('left')), { once: true }))
  })
  mock.script({ hang: 'headers' })
  const [one, two] = [relay({ roundMs: 60_000, closeMs: 1 }), relay({ roundMs: 60_000, closeMs: 1 })]
  const first = await one.submit(caller, { request })
  await until(() => mock.requests.length === 1)
  await one.close()
  expect(await two.store.get(caller, first.id)).toMatchObject({ status: 'failed', code: 'interrupted' })
  const second = await two.submit(caller, { request })
  await until(() => waiting)
  await two.close()
  expect(await two.store.get(caller, second.id)).toMatchObject({ status: 'queued' })
  expect(mock.requests).toHaveLength(1)
})

test('nothing of a job stays in memory until its time is over, which may be a week', async () => {
  const jobs = (await open())({ roundMs: 60_000 })
  const signals = () => queryObjects(AbortSignal, { format: 'count' })
  const before = signals()
  const made = await Promise.all(Array.from({ length: 40 }, () => jobs.submit(caller, { request })))
  await until(async () => (await Promise.all(made.map(({ id }) => status(jobs, id)))).every((one) => one === 'done'))
  // What nobody needs any more goes in the time of the platform.
  await until(() => signals() - before < 20)
})

test('a relay stops in its time, though the database that an answer is for does not come back', async () => {
  const jobs = (await open())({ roundMs: 60_000, closeMs: 1 })
  const end = vi.spyOn(jobs.store, 'end')
  end.mockRejectedValue(new LeashError('overloaded', 'The database is away.', { retryable: true }))
  await jobs.submit(caller, { request })
  await until(() => end.mock.calls.length > 0)
  await jobs.close()
  const { length } = end.mock.calls
  await new Promise((resolve) => setImmediate(resolve))
  expect(end).toHaveBeenCalledTimes(length)
})

test('a relay that stops waits for what it has just taken up, which it makes or gives back', async () => {
  const jobs = (await open())({ roundMs: 60_000 })
  const claim = jobs.store.claim.bind(jobs.store)
  const held = Promise.withResolvers<void>()
  const claiming = vi.spyOn(jobs.store, 'claim').mockImplementation(async (...asked) => {
    await held.promise
    return claim(...asked)
  })
  const { id } = await jobs.submit(caller, { request })
  await until(() => claiming.mock.calls.length > 0)
  const closing = jobs.close()
  held.resolve()
  await closing
  expect(await status(jobs, id)).toBe('done')
})

test('what a provider has answered outlasts a database that is away for long', async () => {
  const jobs = (await open())({ roundMs: 60_000 })
  const end = vi.spyOn(jobs.store, 'end')
  end.mockRejectedValue(new LeashError('overloaded', 'The database is away.', { retryable: true }))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { id } = await jobs.submit(caller, { request })
  await vi.waitFor(() => expect(end).toHaveBeenCalled(), 20_000)
  const later = (isSo: () => boolean | Promise<boolean>) =>
    until(() => {
      vi.advanceTimersByTime(30_000)
      return isSo()
    })
  await later(() => end.mock.calls.length > 11)
  end.mockRestore()
  await later(async () => (await status(jobs, id)) !== 'running')
  expect(await jobs.store.answer(caller, id)).toMatchObject({ status: 200, body: { choices: [{}] } })
})
