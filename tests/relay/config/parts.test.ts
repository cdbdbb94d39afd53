import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Policy } from '../../../src/policy.js'
import { startRelay } from '../../../src/relay/relay.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay, temporaryFolder } from '../helpers.js'

const mock = useMock()
const source = `export default Object.freeze({
  name: 'no-birds', version: '1.0.0', kind: 'policy', priority: 100, timeout: 1000, onError: 'closed', sees: 'original', holdBack: 0, settings: undefined,
  request: ({ texts }) => (texts.some(({ text }) => text.includes('bluebird')) ? { action: 'block', message: 'No birds.' } : undefined),
})
`

function written(): { folder: string; meant: { file: string; integrity: string; folder: string } } {
  const folder = join(temporaryFolder(), 'modules')
  mkdirSync(folder)
  writeFileSync(join(folder, 'no-birds.js'), source)
  return { folder, meant: { file: 'no-birds.js', integrity: `sha256-${hash('sha256', source, 'base64')}`, folder } }
}

const ask = (relay: Awaited<ReturnType<typeof openRelay>>, content: string) =>
  relay.ask('POST', '/v1/chat/completions', { model: 'gpt-4o-mini', messages: [{ role: 'user', content }] }, relay.call)

test('a configuration whose module is another file than was meant is not taken up, and the one before holds', async () => {
  const { meant } = written()
  const relay = await openRelay(mock.url, { leash: { modules: [meant] } })
  const other = { ...meant, integrity: `sha256-${hash('sha256', 'another', 'base64')}` }
  const next = { ...relay.options, leash: { ...relay.options.leash, modules: [other] }, policy: { maxAttempts: 1 } }
  await expect(relay.reload(next)).rejects.toThrow('is not the one that was meant')
  expect((await ask(relay, 'the bluebird')).status).toBe(403)
  expect((await ask(relay, 'hello')).status).toBe(200)
})

test('a relay does not start with one, nor with a file that is not there', async () => {
  const { meant } = written()
  const start = (module: typeof meant) =>
    startRelay({ port: 0, folder: temporaryFolder(), leash: { providers: mockProviders(mock.url), modules: [module] } })
  await expect(start({ ...meant, integrity: `sha256-${hash('sha256', 'another', 'base64')}` })).rejects.toThrow('was meant')
  await expect(start({ ...meant, file: 'none.js' })).rejects.toThrow('is not in')
})

describe('what shows only when it is made that it cannot be', () => {
  const wrong: readonly (readonly [why: string, policy: Policy])[] = [
    ['there is no type "email"', { redact: { entities: ['email' as 'EMAIL_ADDRESS'] } }],
    ['is no RE2 pattern', { redact: { patterns: [{ name: 'order', pattern: '(' }] } }],
    ['A pattern of the rule', { modules: [{ use: 'content-filter', patterns: ['('] }] }],
    ['A pattern of the rule', { shadow: { modules: [{ use: 'content-filter', patterns: ['('] }] } }],
    ['must be below', { budgets: [{ limit: { usd: 1e12 }, per: 'day' }] }],
    ['names no provider', { routes: { smart: 'gpt-4o-mini' } }],
    ['names no provider', { routes: { smart: { targets: ['openai/gpt-4o', { model: 'gpt-4o-mini' }] } } }],
  ]

  test('is refused where a policy is set, and everything stays as it was', async () => {
    const relay = await openRelay(mock.url)
    for (const [why, policy] of wrong)
      for (const path of ['/v1/admin/tenants/default/policy', '/v1/admin/tenants/default/policy?dry_run']) {
        const { status, body } = await relay.ask('PUT', path, policy)
        expect([status, body.error?.message]).toEqual([400, expect.stringContaining(why)])
      }
    for (const [why, policy] of wrong) {
      const { status, body } = await relay.ask('PUT', '/v1/admin/config', { policy })
      expect([status, body.error?.message]).toEqual([400, expect.stringContaining(why)])
    }
    expect((await ask(relay, 'hello')).status).toBe(200)
  })

  test('is refused where it stands in a configuration', async () => {
    const relay = await openRelay(mock.url)
    for (const [why, policy] of wrong) await expect(relay.reload({ ...relay.options, policy })).rejects.toThrow(why)
    for (const [why, { routes, redact }] of wrong)
      if (routes || redact) {
        const leash = { ...relay.options.leash, ...(routes && { routes }), ...(redact && { redact }) }
        await expect(relay.reload({ ...relay.options, leash })).rejects.toThrow(why)
      }
    expect((await ask(relay, 'hello')).status).toBe(200)
  })
})
