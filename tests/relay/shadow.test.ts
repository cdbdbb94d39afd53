/** Policies that are tried out on calls before they hold. */
import { expect, test } from 'vitest'
import { LeashLLM } from '../../src/index.js'
import { useMock } from '../helpers/mock.js'
import { openRelay } from './helpers.js'

const mock = useMock()
const policy = '/v1/admin/tenants/default/policy'
const chat = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hi' }] }
const shadow = { access: { models: { deny: ['claude-*'] } }, budgets: [{ limit: { requests: 2 }, per: 'day' }] }

test('the shadow of a policy refuses no call through the relay, and the ledger and the audit trail tell of it', async () => {
  const relay = await openRelay(mock.url)
  expect((await relay.ask('PUT', policy, { shadow })).status).toBe(200)
  const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gpt-4o-mini', 'gpt-4o-mini']
  for (const model of models)
    expect((await relay.ask('POST', '/v1/chat/completions', { ...chat, model }, relay.call)).status).toBe(200)
  const told = async () => {
    const { items } = (await relay.ask('GET', '/v1/admin/calls')).body
    return items.map(({ shadow }: { shadow?: string[] }) => shadow?.join() ?? '').reverse()
  }
  await expect.poll(told).toEqual(['', 'model_not_allowed', '', 'budget_exceeded'])
  const noted = async () => (await relay.ask('GET', '/v1/admin/audit?action=policy.would_refuse')).body.items
  await expect.poll(noted).toMatchObject([
    { tenant: 'default', detail: { code: 'budget_exceeded' } },
    { tenant: 'default', detail: { code: 'model_not_allowed', target: 'anthropic/claude-haiku-4-5' } },
  ])
})

test('clients in the process count together for a shadow, and tell the relay', async () => {
  const relay = await openRelay(mock.url)
  await relay.ask('PUT', policy, { shadow })
  const clients = [1, 2, 3].map(
    () => new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey: 'mock', relay: { url: relay.url, key: relay.call, folder: false } }),
  )
  const seen: string[] = []
  for (const client of clients) {
    client.leash.on('result', ({ shadow = [] }) => seen.push(shadow.map(({ code }) => code).join()))
    await client.chat.completions.create(chat)
    // Gives back what it has borrowed and not used.
    await client.leash.close()
  }
  expect(seen).toEqual(['', '', 'budget_exceeded'])
  const noted = async () => (await relay.ask('GET', '/v1/admin/audit?action=policy.would_refuse')).body.items
  await expect.poll(noted).toMatchObject([{ detail: { code: 'budget_exceeded' } }])
})
