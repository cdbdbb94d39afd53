/** What the dashboard looks at again and again. */
import { expect, test } from 'vitest'
import { until, useMock } from '../helpers/mock.js'
import { openRelay } from './helpers.js'

const mock = useMock()
const call = (model: string) => ({ model, messages: [{ role: 'user', content: 'Hello' }] })

test('the newest calls come first, and those of one call by its id', async () => {
  const { ask, call: key } = await openRelay(mock.url)
  const first = await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  await ask('POST', '/v1/chat/completions', call('claude-haiku-4-5'), key)
  const models = async (query = '') =>
    (await ask('GET', `/v1/admin/calls${query}`)).body.items.map(({ model }: { model: string }) => model)
  await until(async () => (await models()).length === 2)
  expect(await models('?tenant=nobody')).toEqual([])
  expect(await models('?limit=1')).toHaveLength(1)
  expect(await models(`?call=${first.headers.get('x-leash-id')}`)).toEqual(['gpt-4o-mini'])
  expect(await models('?call=unknown')).toEqual([])
  expect(await ask('GET', '/v1/admin/calls?limit=many')).toMatchObject({ status: 400 })
})

test('latency is that of attempts which somebody answered', async () => {
  const { ask, admin } = await openRelay(mock.url)
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, audioInput: 0, output: 1, reasoning: 0, audioOutput: 0 }
  const line = (id: number, durationMs: number, more: object = {}) => ({
    ...{ id: `line-${id}`, callId: `call-${id}`, attempt: 1, at: Date.now(), durationMs },
    ...{
      provider: 'openai',
      model: 'gpt-4o-mini',
      protocol: 'openai-chat',
      outcome: 'ok',
      usage,
      basis: 'complete',
      cost: 1,
      ...more,
    },
  })
  expect((await ask('GET', '/v1/admin/latency')).body).toEqual({ of: 0, p50: 0, p95: 0, p99: 0 })
  const answered = Array.from({ length: 100 }, (_, at) => line(at, (at + 1) * 10))
  const others = [line(200, 99_999, { outcome: 'error', error: 'timeout' }), line(201, 99_999, { cached: true, cost: 0 })]
  expect((await ask('POST', '/v1/usage', { lines: [...answered, ...others] }, admin)).status).toBe(200)
  expect((await ask('GET', '/v1/admin/latency')).body).toEqual({ of: 100, p50: 510, p95: 960, p99: 1000 })
  expect((await ask('GET', '/v1/admin/latency?tenant=nobody')).body).toMatchObject({ of: 0 })
})

test('health names the targets that were called, and who could be', async () => {
  const { ask, call: key } = await openRelay(mock.url)
  expect((await ask('GET', '/v1/admin/health')).body).toEqual({ targets: [], providers: [] })
  await ask('POST', '/v1/chat/completions', call('gpt-4o-mini'), key)
  const { targets, providers } = (await ask('GET', '/v1/admin/health')).body
  expect(targets).toMatchObject([{ tenant: 'default', target: 'openai/gpt-4o-mini', state: 'closed' }])
  expect(providers).toContainEqual(expect.objectContaining({ name: 'openai', ready: true }))
})
