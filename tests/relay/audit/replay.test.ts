import { expect, it } from 'vitest'
import { noUsage } from '../../../src/core/usage.js'
import { until, useMock } from '../../helpers/mock.js'
import { openRelay, type TestRelay } from '../helpers.js'

const mock = useMock()

const policy = (relay: TestRelay, policy: object) => relay.ask('PUT', '/v1/admin/tenants/default/policy', policy)

/** @returns the id of the call */
async function call(relay: TestRelay, model: string, key = relay.call): Promise<string> {
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10 }
  return (await relay.ask('POST', '/v1/chat/completions', body, key)).headers.get('x-leash-id') ?? ''
}

async function replay(relay: TestRelay, id: string) {
  await until(async () => (await relay.ask('GET', `/v1/admin/audit/replay/${id}`)).status === 200)
  return (await relay.ask('GET', `/v1/admin/audit/replay/${id}`)).body
}

const lineOf = (call: string, provider: string, model: string) => ({
  ...{ id: `${call}/1`, callId: call, attempt: 1, at: Date.now(), durationMs: 1, provider, model },
  ...{ protocol: 'openai-chat', outcome: 'ok', basis: 'complete', cost: 0, usage: noUsage },
})

const blocked = (code: string) => ({ verdict: 'blocked', code })
const allowed = { verdict: 'allowed' }

it('asks the policy of then again about a call that it stopped, and that of today', async () => {
  const relay = await openRelay(mock.url)
  await policy(relay, { access: { models: { deny: ['gpt-4*'] } } })
  const id = await call(relay, 'gpt-4o-mini')
  await policy(relay, {})
  expect(await replay(relay, id)).toMatchObject({
    ...{ call: id, tenant: 'default', model: 'gpt-4o-mini', policy: 1, same: true },
    recorded: blocked('model_not_allowed'),
    replayed: blocked('model_not_allowed'),
    today: allowed,
  })
})

it('asks about a call that was let through as well, by the ledger', async () => {
  const relay = await openRelay(mock.url)
  await policy(relay, {})
  const id = await call(relay, 'gpt-4o-mini')
  await policy(relay, { access: { providers: { allow: ['anthropic'] } } })
  expect(await replay(relay, id)).toMatchObject({
    ...{ model: 'openai/gpt-4o-mini', policy: 1, same: true },
    recorded: allowed,
    replayed: allowed,
    today: blocked('model_not_allowed'),
  })
})

it('asks about a budget by what was taken of it then', async () => {
  const relay = await openRelay(mock.url)
  const budget = (tokens: number) => ({ budgets: [{ name: 'daily', limit: { tokens }, per: 'day' }] })
  await policy(relay, budget(5))
  const id = await call(relay, 'gpt-4o-mini')
  await policy(relay, budget(100_000))
  expect(await replay(relay, id)).toMatchObject({
    recorded: blocked('budget_exceeded'),
    replayed: blocked('budget_exceeded'),
    today: allowed,
    same: true,
  })
})

it("goes by a key's own policy where it has one", async () => {
  const relay = await openRelay(mock.url)
  const { body: key } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })
  const set = await relay.ask('PUT', `/v1/admin/keys/${key.id}/policy`, { access: { models: { deny: ['gpt-4o-mini'] } } })
  expect(set.status).toBe(200)
  const id = await call(relay, 'gpt-4o-mini', key.key)
  expect(await replay(relay, id)).toMatchObject({
    key: key.id,
    policy: 0,
    keyPolicy: 1,
    replayed: blocked('model_not_allowed'),
    same: true,
  })
})

it('needs no key of a vendor to judge, since whoever called may have brought one', async () => {
  const relay = await openRelay(mock.url)
  await policy(relay, {})
  await relay.ask('POST', '/v1/usage', { lines: [lineOf('brought', 'deepseek', 'deepseek-chat')] }, relay.call)
  await policy(relay, { access: { providers: { deny: ['deepseek'] } } })
  expect(await replay(relay, 'brought')).toMatchObject({
    recorded: allowed,
    replayed: allowed,
    today: blocked('model_not_allowed'),
  })
})

it('finds out when the record and the revision do not agree', async () => {
  const relay = await openRelay(mock.url)
  await policy(relay, { access: { models: { deny: ['gpt-4*'] } } })
  // As somebody would have it who wrote a line of a call that the policy did not allow.
  await relay.ask(
    'POST',
    '/v1/usage',
    { lines: [{ ...lineOf('forged', 'openai', 'gpt-4o'), at: Date.now() + 1000 }] },
    relay.call,
  )
  expect(await replay(relay, 'forged')).toMatchObject({ recorded: allowed, replayed: blocked('model_not_allowed'), same: false })
})

it('knows nothing of other calls', async () => {
  const relay = await openRelay(mock.url)
  expect((await relay.ask('GET', '/v1/admin/audit/replay/nothing')).status).toBe(404)
  expect((await relay.ask('GET', '/v1/admin/audit/replay/%00')).status).toBe(404)
})
