/** Policies of keys, over that of their tenant. */
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import type { AccessOptions } from '../../../src/middleware/access.js'
import type { Policy } from '../../../src/policy.js'
import { composed, keyIn } from '../../../src/relay/policy/key-policy.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay } from '../helpers.js'

const mock = useMock()
const chat = (model = 'gpt-4o-mini', more: object = {}) => ({ model, messages: [{ role: 'user', content: 'Hi' }], ...more })

async function relayWith(tenant: object, key: object) {
  const relay = await openRelay(mock.url)
  const { key: bound, id } = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada' })).body
  const set = await relay.ask('PUT', '/v1/admin/tenants/default/policy', tenant)
  const over = await relay.ask('PUT', `/v1/admin/keys/${id}/policy`, key)
  expect([set.status, over.status]).toEqual([200, 200])
  const call = async (by: string, body: object) => (await relay.ask('POST', '/v1/chat/completions', body, by)).status
  return {
    relay,
    bound,
    id,
    call,
    ofKey: (body: object) => call(bound, body),
    ofTenant: (body: object) => call(relay.call, body),
  }
}

const clientOf = (relay: TestRelay, key: string) =>
  new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey: 'mock', relay: { url: relay.url, key, folder: false } })

describe("a key's policy", () => {
  test("permits no more than its tenant's, and holds nobody else", async () => {
    const { ofKey, ofTenant } = await relayWith(
      { access: { models: { deny: ['gpt-4o'] } } },
      { access: { models: { allow: ['gpt-4o*'] } } },
    )
    expect([await ofKey(chat()), await ofKey(chat('gpt-4o')), await ofKey(chat('claude-haiku-4-5'))]).toEqual([200, 403, 403])
    expect([await ofTenant(chat('gpt-4o')), await ofTenant(chat('claude-haiku-4-5'))]).toEqual([403, 200])
  })

  test("has budgets of its own beside its tenant's, which it fills too", async () => {
    const day = (requests: number) => ({ budgets: [{ limit: { requests }, per: 'day' }] })
    const { ofKey, ofTenant } = await relayWith(day(3), day(2))
    expect([await ofKey(chat()), await ofKey(chat()), await ofKey(chat())]).toEqual([200, 200, 402])
    expect([await ofTenant(chat()), await ofTenant(chat())]).toEqual([200, 402])
  })

  test('counts apart for two keys whose budgets read the same', async () => {
    const { relay, ofKey, call } = await relayWith({}, { budgets: [{ limit: { requests: 1 }, per: 'day' }] })
    const other = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    await relay.ask('PUT', `/v1/admin/keys/${other.id}/policy`, { budgets: [{ limit: { requests: 1 }, per: 'day' }] })
    expect([await ofKey(chat()), await call(other.key, chat()), await ofKey(chat())]).toEqual([200, 200, 402])
  })

  test('reaches a client in the process, which leases from the budgets of its key', async () => {
    const { relay, bound, id } = await relayWith({ maxAttempts: 5 }, { budgets: [{ limit: { requests: 1 }, per: 'day' }] })
    const client = clientOf(relay, bound)
    await client.chat.completions.create(chat() as never)
    await expect(client.chat.completions.create(chat() as never)).rejects.toThrow(`The budget "key ${id}: tenant per day"`)
    await relay.ask('PUT', `/v1/admin/keys/${id}/policy`, {})
    await expect
      .poll(
        () =>
          client.chat.completions.create(chat() as never).then(
            () => 'ok',
            () => 'refused',
          ),
        { timeout: 10_000 },
      )
      .toBe('ok')
    await client.leash.close()
  })

  test('has versions, differences between them, and a way back', async () => {
    const { relay, id, ofKey } = await relayWith({}, { access: { models: { deny: ['gpt-*'] } } })
    const at = `/v1/admin/keys/${id}`
    expect(await ofKey(chat())).toBe(403)
    await relay.ask('PUT', `${at}/policy`, { maxAttempts: 2 })
    expect(await ofKey(chat())).toBe(200)
    expect((await relay.ask('GET', `${at}/policies/diff?from=1&to=2`)).body).toEqual({
      from: 1,
      to: 2,
      changes: [
        { path: 'access', before: { models: { deny: ['gpt-*'] } } },
        { path: 'maxAttempts', after: 2 },
      ],
    })
    expect((await relay.ask('GET', `${at}/policies/diff`)).body).toMatchObject({ from: 1, to: 2 })
    expect((await relay.ask('POST', `${at}/policy/rollback`, { version: 1 })).body).toMatchObject({ version: 3 })
    expect(await ofKey(chat())).toBe(403)
    const bad = ['?from=x', '?to=', '?from=-1', '?to=77', '?from=1.5']
    for (const query of bad) expect([400, 404]).toContain((await relay.ask('GET', `${at}/policies/diff${query}`)).status)
  })

  test.each([{}, { access: { models: { deny: ['o3'] } } }])(
    'opens no API of a vendor that its tenant has not opened: %j',
    async (tenant) => {
      const { relay, bound } = await relayWith(tenant, { access: { raw: ['openai'] } })
      const asked = async () => (await relay.ask('GET', '/v1/openai/files', undefined, bound)).status
      expect(await asked()).toBe(403)
      await relay.ask('PUT', '/v1/admin/tenants/default/policy', { access: { raw: ['openai'] } })
      expect(await asked()).not.toBe(403)
    },
  )

  test('goes with the key when that is turned over', async () => {
    const { relay, id, call } = await relayWith({}, { maxAttempts: 2 })
    await relay.ask('PUT', `/v1/admin/keys/${id}/policy`, { access: { models: { deny: ['gpt-*'] } } })
    const next = (await relay.ask('POST', `/v1/admin/keys/${id}/rotate`)).body
    expect([await call(next.key, chat()), await call(next.key, chat('claude-haiku-4-5'))]).toEqual([403, 200])
    expect((await relay.ask('GET', `/v1/admin/keys/${next.id}/policy`)).body).toMatchObject({ version: 1 })
    const free = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })).body
    const second = (await relay.ask('POST', `/v1/admin/keys/${free.id}/rotate`)).body
    expect((await relay.ask('GET', `/v1/admin/keys/${second.id}/policy`)).body).toMatchObject({ version: 0, policy: {} })
  })

  test("is its tenant's administrator's to set, and no other's", async () => {
    const { relay, id } = await relayWith({}, {})
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'other' })
    const admin = async (tenant: string) => (await relay.ask('POST', '/v1/admin/keys', { tenant, role: 'admin' })).body.key
    const put = async (key: string) => (await relay.ask('PUT', `/v1/admin/keys/${id}/policy`, { maxAttempts: 1 }, key)).status
    expect([await put(await admin('default')), await put(await admin('other'))]).toEqual([200, 403])
  })
})

describe('what a key says over what its tenant says', () => {
  const of = (tenant: Policy, key: Policy) => composed(tenant, key, 'abcd1234')
  const [cheap, dear] = [{ maxCostUsd: 1 }, { maxCostUsd: 2 }]

  test("opens as much of vendors' own APIs as both open", () => {
    const raw = (tenant: AccessOptions | undefined, key: AccessOptions) =>
      of(tenant ? { access: tenant } : {}, { access: key }).access?.raw
    const [one, two] = [{ raw: ['openai'] }, { raw: ['openai', 'google'] }]
    expect([raw(one, two), raw(two, one), raw(two, {})]).toEqual([['openai'], ['openai'], ['openai', 'google']])
    expect([raw({}, two), raw(undefined, two)]).toEqual([[], []])
  })

  test('lets a call cost no more than either', () => {
    expect([of(cheap, dear), of(dear, cheap), of({}, dear), of(cheap, {})]).toEqual([cheap, cheap, dear, cheap])
  })

  test('adds limits, each for the key alone, and modules behind those of the tenant', () => {
    const [all, own] = [{ limit: { requests: 9 }, per: 'hour' } as const, { limit: { requests: 1 }, per: 'hour' } as const]
    const { rateLimit, budgets, modules } = of(
      { rateLimit: [all], budgets: [all], modules: [{ use: 'prompt-injection' }] },
      {
        rateLimit: [{ ...own, by: 'user', shared: true }],
        budgets: [{ ...own, per: 'day' }],
        modules: [{ use: 'prompt-injection' }],
      },
    )
    expect(rateLimit).toEqual([all, { ...own, by: ['user', 'key'] }])
    expect(budgets).toEqual([all, { ...own, per: 'day', by: ['key'], name: 'key abcd1234: tenant per day' }])
    expect(modules).toEqual([{ use: 'prompt-injection' }, { use: 'prompt-injection', name: 'key.abcd1234.prompt-injection' }])
  })

  test('is known by the name of its budgets, those too that only tell', () => {
    const scopes = ['["key abcd1234: tenant per day"', '["shadow: key abcd1234: tenant per day"', '["tenant per day"']
    expect(scopes.map(keyIn)).toEqual(['abcd1234', 'abcd1234', undefined])
  })
})

describe('quotas over the relay', () => {
  test('by user: each has one of his own', async () => {
    const { relay, ofKey, call } = await relayWith({ budgets: [{ limit: { requests: 1 }, per: 'day', by: 'user' }] }, {})
    const bob = (await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'bob' })).body.key
    expect([await ofKey(chat()), await ofKey(chat()), await call(bob, chat()), await call(bob, chat())]).toEqual([
      200, 402, 200, 402,
    ])
  })

  test('by model: each has one of its own', async () => {
    const { ofTenant } = await relayWith({ budgets: [{ limit: { requests: 1 }, per: 'day', by: 'model' }] }, {})
    const asked = ['gpt-4o-mini', 'gpt-4o-mini', 'claude-haiku-4-5', 'claude-haiku-4-5']
    const seen: number[] = []
    for (const model of asked) seen.push(await ofTenant(chat(model)))
    expect(seen).toEqual([200, 402, 200, 402])
  })
})
