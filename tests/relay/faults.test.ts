/** What is killed or cut off while calls are made: each of them a real process, with no time to put anything in order. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LedgerLine } from '../../src/core/ledger.js'
import { openPostgres } from '../../src/relay/store/postgres.js'
import type { Sql } from '../../src/relay/store/sql.js'
import { openSqlite } from '../../src/relay/store/sqlite.js'
import { hasPostgres, startPostgres } from '../helpers/postgres.js'
import { temporaryFolder } from './helpers.js'
import { start } from './processes/start.js'
import type { ClientGiven, ClientTold, RelayGiven, RelayReady, VendorTold } from './processes/terms.js'

const calls = 120
const everyMs = 10
const limitNano = 1e9
const policy = { budgets: [{ limit: { usd: limitNano / 1e9 }, per: 'month' }], retry: false }

const startVendor = () => start<number>('vendor', {})
const startRelay = (given: RelayGiven) => start<RelayReady>('relay', { policy, whenStale: 'open', ...given })

/** It has made its first call, and knows its policy. */
async function startClient(vendor: number, { url, key }: Pick<RelayReady, 'url' | 'key'>, over: Partial<ClientGiven> = {}) {
  const relay = { url, key, folder: temporaryFolder() }
  const given = { vendor, relay, calls: calls - 1, everyMs, seed: 0, plans: ['answer'], ways: ['in process'], ...over }
  const client = await start<string>('client', given)
  expect(await client.ask<ClientTold>('first')).toEqual({ ok: 1 })
  return client
}

async function linesIn(sql: Sql): Promise<LedgerLine[]> {
  return (await sql.all<{ line: string }>('SELECT line FROM usage_lines')).map(({ line }) => JSON.parse(line))
}

const costOf = (lines: readonly LedgerLine[]) => lines.reduce((sum, { cost }) => sum + (cost ?? Number.NaN), 0)

async function auditOf({ url }: RelayReady, admin: string): Promise<unknown> {
  const response = await fetch(`${url}/v1/admin/audit/verify`, { headers: { authorization: `Bearer ${admin}` } })
  return response.json()
}

const portOf = (url: string) => Number(new URL(url).port)

describe('a relay that is killed', { timeout: 60_000 }, () => {
  it('holds up no call of a process, and has the usage of each once when it is back, and its budget', async () => {
    const folder = temporaryFolder()
    const vendor = await startVendor()
    const first = await startRelay({ vendor: vendor.ready, folder })
    const line = await cuttable(portOf(first.ready.url))
    const client = await startClient(vendor.ready, { url: line.url, key: first.ready.key })
    const called = client.ask<ClientTold>('call')
    await wait(calls * everyMs * 0.3)
    await first.kill()
    line.cut()
    await wait(calls * everyMs * 0.3)
    const second = await startRelay({ vendor: vendor.ready, folder })
    line.mend(portOf(second.ready.url))
    expect(await called).toEqual({ ok: calls - 1 })
    await client.ask('close')
    expect(await auditOf(second.ready, first.ready.admin)).toMatchObject({ ok: true })
    await second.ask('close')
    const sql = await openSqlite({ file: `${folder}/relay.db` })
    onTestFinished(() => sql.close())
    const lines = await linesIn(sql)
    const { served, nano } = await vendor.ask<VendorTold>('tell')
    expect([served, lines.length, costOf(lines)]).toEqual([calls, calls, nano])
    expect(await sql.all('SELECT spent, reserved FROM budgets')).toEqual([{ spent: nano, reserved: 0 }])
  })

  it('has booked every call that it has answered', async () => {
    const folder = temporaryFolder()
    const vendor = await startVendor()
    const first = await startRelay({ vendor: vendor.ready, folder })
    const client = await startClient(vendor.ready, first.ready, { ways: ['by relay'], everyMs: 0 })
    expect(await client.ask<ClientTold>('call')).toEqual({ ok: calls - 1 })
    await first.kill()
    const second = await startRelay({ vendor: vendor.ready, folder })
    await second.ask('close')
    const sql = await openSqlite({ file: `${folder}/relay.db` })
    onTestFinished(() => sql.close())
    const lines = await linesIn(sql)
    expect([lines.length, costOf(lines)]).toEqual([calls, (await vendor.ask<VendorTold>('tell')).nano])
    // What it had lent itself counts as spent when its time is over: more than was used, and never more than there is.
    for (const { taken } of await sql.all<{ taken: number }>('SELECT spent + reserved AS taken FROM budgets')) {
      expect(taken).toBeGreaterThanOrEqual(costOf(lines))
      expect(taken).toBeLessThanOrEqual(limitNano)
    }
  })
})

describe('a client that is cut off from its relay', { timeout: 60_000 }, () => {
  it('goes on by a policy that says so, and its usage is counted once when it is back', async () => {
    const folder = temporaryFolder()
    const vendor = await startVendor()
    const relay = await startRelay({ vendor: vendor.ready, folder })
    const line = await cuttable(portOf(relay.ready.url))
    const client = await startClient(vendor.ready, { url: line.url, key: relay.ready.key })
    const called = client.ask<ClientTold>('call')
    await wait(calls * everyMs * 0.3)
    line.cut()
    await wait(calls * everyMs * 0.4)
    line.mend()
    expect(await called).toEqual({ ok: calls - 1 })
    await client.ask('close')
    await relay.ask('close')
    const sql = await openSqlite({ file: `${folder}/relay.db` })
    onTestFinished(() => sql.close())
    const lines = await linesIn(sql)
    expect([lines.length, costOf(lines)]).toEqual([calls, (await vendor.ask<VendorTold>('tell')).nano])
    expect(await sql.all('SELECT spent, reserved FROM budgets')).toEqual([{ spent: costOf(lines), reserved: 0 }])
  })

  it('makes no more calls once its policy is too old and says so', async () => {
    const vendor = await startVendor()
    const relay = await startRelay({ vendor: vendor.ready, folder: temporaryFolder(), staleMs: 2000, whenStale: 'closed' })
    const line = await cuttable(portOf(relay.ready.url))
    const client = await startClient(vendor.ready, { url: line.url, key: relay.ready.key }, { everyMs: 0 })
    line.cut()
    let made = 1
    while ((await client.ask<ClientTold>('first')).ok) made++
    expect(await client.ask<ClientTold>('call')).toEqual({ overloaded: calls - 1 })
    expect((await vendor.ask<VendorTold>('tell')).served).toBe(made)
  })
})

describe.skipIf(!hasPostgres)('a Postgres that is killed', { timeout: 60_000 }, () => {
  it('loses no usage, leaves no quota lent, and the relays go on when it is back', async () => {
    const postgres = await startPostgres()
    onTestFinished(() => postgres.stop())
    const vendor = await startVendor()
    const relay = await startRelay({ vendor: vendor.ready, folder: temporaryFolder(), database: postgres.url })
    const client = await startClient(vendor.ready, relay.ready, { ways: ['in process', 'by relay'] })
    const called = client.ask<ClientTold>('call')
    await wait(calls * everyMs * 0.3)
    await postgres.kill()
    await wait(calls * everyMs * 0.3)
    await postgres.again()
    const ok = 1 + ((await called).ok ?? 0)
    const { served, nano } = await vendor.ask<VendorTold>('tell')
    expect(ok).toBe(served)
    expect(ok).toBeGreaterThan(calls / 2)
    await client.ask('close')
    expect(await auditOf(relay.ready, relay.ready.admin)).toMatchObject({ ok: true })
    await relay.ask('close')
    const sql = await openPostgres({ url: postgres.url, connections: 1 })
    const lines = await linesIn(sql)
    expect([lines.length, costOf(lines)]).toEqual([served, nano])
    expect(await sql.all('SELECT spent, reserved FROM budgets')).toEqual([{ spent: nano, reserved: 0 }])
    await sql.close()
  })
})

/** A way to a port of this machine that can be cut in mid-word, and mended to lead to another. */
async function cuttable(port: number) {
  const open = new Set<Socket>()
  let whole = true
  const server = createServer((from) => {
    if (!whole) return from.destroy()
    const to = connect(port, '127.0.0.1')
    for (const socket of [from, to]) {
      open.add(socket)
      socket.on('error', () => {}).once('close', () => open.delete(socket))
    }
    from.pipe(to).pipe(from)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    whole = false
    for (const socket of open) socket.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend: (to = port) => {
      port = to
      whole = true
    },
  }
}
