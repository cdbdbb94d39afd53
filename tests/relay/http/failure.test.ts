import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { failureResponse } from '../../../src/relay/http/failure.js'
import { useMock } from '../../helpers/mock.js'
import { hasPostgres, startPostgres } from '../../helpers/postgres.js'
import { openRelay } from '../helpers.js'

const mock = useMock()
const isId = /^call_[0-9a-z]{22,}$/

test('what nobody has foreseen is told in the log, beside the id that its answer has', async () => {
  const warnings: string[] = []
  const response = failureResponse(new TypeError('x is not a function'), (message) => warnings.push(message))
  const id = response.headers.get('x-leash-id') ?? ''
  expect([response.status, response.headers.get('x-leash-error')]).toEqual([500, 'internal_error'])
  expect(id).toMatch(isId)
  expect((await response.json()).error.message).toContain(id)
  expect(warnings).toEqual([expect.stringContaining(`A request failed (${id}): TypeError: x is not a function`)])
})

test('what is foreseen is no line of the log', () => {
  const warnings: string[] = []
  const { status, headers } = failureResponse(new LeashError('rate_limited', 'Wait.', { retryAfterMs: 1200 }), (message) =>
    warnings.push(message),
  )
  expect([status, headers.get('retry-after'), headers.get('x-leash-error')]).toEqual([429, '2', 'rate_limited'])
  expect(warnings).toEqual([])
})

test('whatever the relay refuses has an id of its own and says by which rule', async () => {
  const relay = await openRelay(mock.url, {
    limits: { bodyBytes: 1000 },
    policy: { access: { models: { deny: ['gpt-4o'] } } },
  })
  const { url, call, ask } = relay
  const large = { text: 'x'.repeat(1000) }
  const refused = [
    await ask('POST', '/v1/chat/completions', {}, 'lk_wrong'),
    await ask('POST', '/v1/chat/completions', {}, call),
    await ask('POST', '/v1/messages', large, call),
    await ask('POST', '/v1/gateway/chat', { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }, call),
    await ask('GET', '/v1/admin/tenants', undefined, call),
    await ask('GET', '/v1/nothing', undefined, call),
    await ask('GET', '/v1/openai/files', undefined, call),
  ]
  const codes = [
    ...['authentication_failed', 'invalid_request', 'request_too_large', 'model_not_allowed'],
    ...['permission_denied', 'not_found', 'permission_denied'],
  ]
  expect(refused.map(({ headers }) => headers.get('x-leash-error'))).toEqual(codes)
  const ids = refused.map(({ headers }) => headers.get('x-leash-id'))
  for (const id of ids) expect(id).toMatch(isId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(refused[3]?.body.leash.id).toBe(ids[3])
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /v1/gateway/ws HTTP/1.1\r\nhost: relay\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  let said = ''
  for await (const chunk of socket) said += chunk
  expect(said).toMatch(/^HTTP\/1\.1 401 [\s\S]*x-leash-error: missing_key\r\nx-leash-id: call_/)
})

test.skipIf(!hasPostgres)('where the database is, and what it says, is told in the log alone', { timeout: 60_000 }, async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  const relay = await openRelay(mock.url, { database: postgres.url })
  await postgres.kill()
  const message = "The relay's database cannot be used. Try again later."
  const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }
  const asked = [
    await relay.ask('GET', '/v1/admin/tenants'),
    await relay.ask('POST', '/v1/gateway/jobs', { request: chat }, relay.call),
    await relay.ask('POST', '/v1/usage', { lines: [] }, relay.call),
  ]
  for (const { status, body } of asked) expect([status, body.error?.message]).toEqual([503, `[overloaded] ${message}`])
  const port = new URL(postgres.url).port
  expect(asked.map(({ body }) => JSON.stringify(body)).join()).not.toContain(port)
  for (const { headers } of asked) expect(relay.warnings.join('\n')).toContain(`${headers.get('x-leash-id')}`)
  expect(relay.warnings.join('\n')).toContain(port)
})
