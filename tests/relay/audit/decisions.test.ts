import { expect, it } from 'vitest'
import type { AuditEntry, AuditInput } from '../../../src/relay/audit/audit.js'
import { Decisions } from '../../../src/relay/audit/decisions.js'
import { until, useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay } from '../helpers.js'

const mock = useMock()
const marker = 'a secret of mine'

const chat = (model: string) => ({ model, messages: [{ role: 'user', content: marker }], max_tokens: 10 })

async function entries(relay: TestRelay, action: string, count: number): Promise<AuditEntry[]> {
  let items: AuditEntry[] = []
  await until(async () => {
    items = (await relay.ask('GET', `/v1/admin/audit?action=${action}`)).body.items
    return items.length >= count
  })
  return items
}

it('keeps calls that a policy has stopped, with what is needed to judge it, and nothing that was said', async () => {
  const relay = await openRelay(mock.url)
  const policy = { access: { models: { deny: ['gpt-4*'] } }, budgets: [{ name: 'daily', limit: { tokens: 20 }, per: 'day' }] }
  await relay.ask('PUT', '/v1/admin/tenants/default/policy', policy)
  const asked = (model: string, path = '/v1/chat/completions') => relay.ask('POST', path, chat(model), relay.call)
  // Nobody has called anything yet: it was only asked what would become of it.
  expect((await asked('gpt-4o-mini', '/v1/gateway/dry-run')).status).toBe(403)
  expect((await asked('gpt-4o-mini')).status).toBe(403)
  expect((await asked('gpt-5-mini')).status).toBe(402)
  expect((await asked('gpt-4o-mini', '/v1/gateway/chat')).status).toBe(403)
  const items = await entries(relay, 'call.blocked', 3)
  expect(items.map(({ tenant, detail }) => [tenant, detail.code, detail.model, detail.policy])).toEqual([
    ['default', 'model_not_allowed', 'gpt-4o-mini', 1],
    ['default', 'budget_exceeded', 'gpt-5-mini', 1],
    ['default', 'model_not_allowed', 'gpt-4o-mini', 1],
  ])
  expect(items[1]?.detail.budget).toMatchObject({
    rule: 'daily',
    unit: 'tokens',
    limit: 20,
    taken: 0,
    amount: expect.any(Number),
  })
  expect(items.every(({ target }) => target !== '')).toBe(true)
  expect(JSON.stringify(items)).not.toContain(marker)
  expect((await relay.ask('GET', '/v1/admin/audit/verify')).body.ok).toBe(true)
})

it('keeps keys that ask for what they are not for', async () => {
  const relay = await openRelay(mock.url)
  const { body: made } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['usage'] })
  expect((await relay.ask('POST', '/v1/chat/completions', chat('gpt-4o-mini'), made.key)).status).toBe(403)
  expect((await relay.ask('GET', '/v1/admin/tenants', undefined, made.key)).status).toBe(403)
  const items = await entries(relay, 'key.outside_scope', 2)
  expect(items.map(({ actor, tenant, detail }) => [actor, tenant, detail.what])).toEqual([
    [made.id, 'default', 'GET /tenants'],
    [made.id, 'default', 'call'],
  ])
  expect(JSON.stringify(items)).not.toContain(made.key)
})

it('does not let a key that is refused in a loop fill the trail, nor all keys together', async () => {
  const written: AuditInput[] = []
  const clock = { now: 0 }
  const append = async (input: AuditInput) => {
    written.push(input)
    return {} as AuditEntry
  }
  const decisions = new Decisions({ audit: { append }, warn: () => {}, now: () => clock.now })
  const ask = (id: string, times: number) => {
    for (let at = 0; at < times; at++) decisions.outside({ id, tenant: 'red', scopes: [] }, 'call')
  }
  ask('ada', 100)
  expect(written).toHaveLength(10)
  ask('bob', 3)
  expect(written).toHaveLength(13)
  clock.now += 60_000
  ask('ada', 1)
  expect(written).toHaveLength(14)
  for (let at = 0; at < 1000; at++) ask(`key ${at}`, 1)
  expect(written).toHaveLength(13 + 300)
})

it('tells of an entry that could not be written, and refuses the call all the same', async () => {
  const warnings: string[] = []
  const append = () => Promise.reject(new Error('the disk is full'))
  const decisions = new Decisions({ audit: { append }, warn: (message) => warnings.push(message) })
  decisions.outside({ id: 'ada', tenant: 'red', scopes: [] }, 'call')
  await until(() => warnings.length > 0)
  expect(warnings[0]).toContain('the disk is full')
})

it('is exported, of a time and as a whole, in lines of JSON and as CSV', async () => {
  const relay = await openRelay(mock.url)
  for (let at = 0; at < 5; at++) await relay.ask('POST', '/v1/admin/tenants', { slug: `t${at}` })
  const ask = (query: string) => relay.ask('GET', `/v1/admin/audit?${query}`)
  const lines = (text: string) => text.trim().split('\n')
  const headers = { authorization: `Bearer ${relay.admin}` }
  const ndjson = await fetch(`${relay.url}/v1/admin/audit?format=ndjson&action=tenant.create`, { headers })
  expect(ndjson.headers.get('content-type')).toMatch(/^application\/x-ndjson/)
  expect(lines(await ndjson.text()).map((line) => JSON.parse(line).target)).toEqual(['t4', 't3', 't2', 't1', 't0'])
  const csv: string = (await ask('format=csv')).body
  expect(lines(csv)[0]?.trim()).toBe('seq,at,actor,action,tenant,target,detail,previous,hash')
  expect(lines(csv)).toHaveLength(1 + 6)
  const { items } = (await ask('action=tenant.create')).body
  const { at } = items[2]
  expect((await ask(`to=${at}`)).body.items.every((entry: AuditEntry) => entry.at < at)).toBe(true)
  expect((await ask(`from=${at}`)).body.items.every((entry: AuditEntry) => entry.at >= at)).toBe(true)
  expect((await ask('format=xml')).status).toBe(400)
  expect((await ask('from=never')).status).toBe(400)
})
