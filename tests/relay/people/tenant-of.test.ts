/** Tenants that requests name beside their key. */
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { namedTenant } from '../../../src/relay/people/tenant-of.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay } from '../helpers.js'

const mock = useMock()
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }

/** `fetch` does not let a `Host` be chosen. */
function post(relay: TestRelay, key: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }
    const sent = request(`${relay.url}/v1/chat/completions`, { method: 'POST', headers: all }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject).end(JSON.stringify(chat))
  })
}

const usedBy = async (relay: TestRelay) => {
  const { rows } = (await relay.ask('GET', '/v1/admin/usage?by=tenant')).body
  return rows.map(({ of }: { of: { tenant: string } }) => of.tenant)
}

describe('a subdomain', () => {
  const options = { tenantFrom: { domain: 'relay.example.com' } }

  test('has to be that of the tenant whose key it is', async () => {
    const relay = await openRelay(mock.url, options)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    expect(await post(relay, relay.call, { host: 'default.relay.example.com:4000' })).toBe(200)
    expect(await post(relay, relay.call, { host: 'RELAY.example.com' })).toBe(200)
    expect(await post(relay, relay.call, { host: 'otherrelay.example.com' })).toBe(200)
    expect(await post(relay, relay.call, { host: 'other.RELAY.example.com' })).toBe(403)
    expect(await post(relay, relay.call, { host: 'other.relay.example.com' })).toBe(403)
    expect(await post(relay, relay.call, { host: 'a.default.relay.example.com' })).toBe(403)
    expect(await post(relay, relay.call, { host: 'other.relay.example.com.' })).toBe(403)
    expect(await post(relay, relay.call, { host: 'default.relay.example.com.:4000' })).toBe(200)
  })

  test('lets an administrator act for any tenant that is served', async () => {
    const relay = await openRelay(mock.url, options)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    expect(await post(relay, relay.admin, { host: 'other.relay.example.com' })).toBe(200)
    expect(await post(relay, relay.admin, { host: 'nobody.relay.example.com' })).toBe(403)
    await expect.poll(() => usedBy(relay)).toEqual(['other'])
  })
})

describe('a header', () => {
  const named = (value: string) => ({ 'x-tenant': value })

  test('is believed of a proxy that is trusted', async () => {
    const relay = await openRelay(mock.url, { tenantFrom: { header: 'X-Tenant' }, trustedProxies: ['127.0.0.1'] })
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    expect(await post(relay, relay.call, named('default'))).toBe(200)
    expect(await post(relay, relay.call, named('other'))).toBe(403)
    const told = async () => (await relay.ask('GET', '/v1/admin/audit?action=key.outside_scope')).body.items
    const refused = { actor: relay.call.slice(3, 11), tenant: 'default', detail: { what: 'tenant other' } }
    await expect.poll(told).toMatchObject([refused])
  })

  test('is passed over of anybody else, and so is the note that the relay makes for itself', async () => {
    const relay = await openRelay(mock.url, { tenantFrom: { header: 'X-Tenant' }, trustedProxies: ['10.0.0.1'] })
    expect(await post(relay, relay.call, named('other'))).toBe(200)
    expect(await post(relay, relay.admin, { [namedTenant]: 'nobody' })).toBe(200)
  })

  test('names nobody unless the configuration says so', async () => {
    const relay = await openRelay(mock.url)
    expect(await post(relay, relay.call, { ...named('other'), host: 'other.relay.example.com' })).toBe(200)
  })
})
