/** Every kind of request that a relay takes, for bench/relay-soak.ts. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, newSecret, writeKey } from '../src/relay/keys/format.ts'
import type { Door } from './relay-door.ts'

export interface Kind {
  readonly name: string
  /** Enough of them to tell what each leaves from what is made once. */
  readonly requests: number
  /** @defaultValue some */
  readonly atOnce?: number
  /** Bytes of each that are remembered on purpose, up to a bound that lies beyond so many requests. @defaultValue 0 */
  readonly keeps?: number
  run(): Promise<unknown>
}

interface Keys {
  readonly admin: string
  readonly call: string
}

/** A stream that is asked for with these words can be left: the vendor takes its time. */
export const slowly = 'Speak slowly.'

const model = 'gpt-4o-mini'
const said = (content: string) => [{ role: 'user', content }]
const request = { model, max_tokens: 200, messages: said('Say a hundred words.') }
const claude = { ...request, model: 'claude-haiku-4-5' }
const streamed = { ...request, stream: true, stream_options: { include_usage: true } }
const slow = { ...streamed, messages: said(slowly) }
const gemini = { contents: [{ role: 'user', parts: [{ text: 'Say a hundred words.' }] }] }

const chat = '/v1/chat/completions'
const events = { accept: 'text/event-stream' }

/** Makes the tenants and keys that they need. */
export async function kindsOf(door: Door, { admin, call }: Keys): Promise<Kind[]> {
  const administrator = asking(door, admin)
  const caller = asking(door, call)
  const cached = asking(door, await tenantWith(administrator, 'cached', { cache: true }))
  const poor = asking(door, await tenantWith(administrator, 'poor', { budgets: [{ limit: { usd: 0.000_001 }, per: 'day' }] }))
  const revoked = asking(door, await revokedKey(administrator))
  const polls = { 'if-none-match': await door.etag('/v1/control/policy', { key: call }), 'x-leash-client': 'bench-client' }
  return [
    { name: 'chat', requests: 3000, run: () => caller.post(chat, request) },
    { name: 'chat, translated', requests: 2000, run: () => caller.post(chat, claude) },
    { name: 'stream', requests: 1500, run: () => caller.post(chat, streamed) },
    { name: 'stream, left', requests: 1000, run: () => door.leave('POST', chat, { key: call, body: slow }) },
    { name: 'messages', requests: 2000, run: () => caller.post('/v1/messages', claude) },
    { name: 'Gemini', requests: 2000, run: () => caller.post('/v1beta/models/gemini-2.5-flash:generateContent', gemini) },
    { name: "vendor's own, a call", requests: 2000, run: () => caller.post(`/v1/openai/chat/completions`, request) },
    { name: "vendor's own, passed on", requests: 2000, run: () => caller.get('/v1/openai/files', 404) },
    { name: 'gateway, chat', requests: 2000, run: () => caller.post('/v1/gateway/chat', request) },
    { name: 'gateway, stream', requests: 1000, run: () => caller.post('/v1/gateway/stream', request) },
    {
      name: 'gateway, stream left',
      requests: 1000,
      run: () => door.leave('POST', '/v1/gateway/stream', { key: call, body: slow }),
    },
    { name: 'gateway, web socket', requests: 1000, run: () => conversation(door, call) },
    { name: 'gateway, dry run', requests: 2000, run: () => caller.post('/v1/gateway/dry-run', request) },
    { name: 'gateway, cached', requests: 2000, run: () => cached.post('/v1/gateway/chat', request) },
    { name: 'gateway, cache', requests: 400, run: () => warmAndClear(cached) },
    { name: 'gateway, job', requests: 400, run: () => finishedJob(caller) },
    { name: 'gateway, job cancelled', requests: 400, run: () => cancelledJob(caller) },
    { name: 'gateway, standing', requests: 500, run: () => standing(caller) },
    { name: 'refused, no key', requests: 3000, run: () => door.ask(401, 'POST', chat, { body: request }) },
    { name: 'refused, unknown key', requests: 3000, run: () => asking(door, unknownKey()).post(chat, request, 401) },
    { name: 'refused, revoked key', requests: 3000, run: () => revoked.post(chat, request, 401) },
    { name: 'refused, wrong body', requests: 2000, run: () => caller.post(chat, { ...request, messages: 'none' }, 400) },
    { name: 'refused, budget spent', requests: 2000, run: () => poor.post(chat, request, 402) },
    { name: 'usage', requests: 1000, run: () => caller.post('/v1/usage', { lines: [line()] }) },
    { name: 'traces', requests: 1000, run: () => caller.post('/v1/traces', trace()), keeps: 250 },
    {
      name: 'policy, asked for',
      requests: 2000,
      run: () => door.ask(304, 'GET', '/v1/control/policy', { key: call, headers: polls }),
    },
    {
      name: 'policy, waited for and left',
      requests: 1000,
      run: () => door.giveUp('/v1/control/policy?wait=25', { key: call, headers: polls }),
    },
    { name: 'policy, changed and back', requests: 300, run: () => changedAndBack(administrator, cached), atOnce: 1 },
    { name: 'lease, taken and returned', requests: 1000, run: () => takenAndReturned(caller) },
    { name: 'key, made and revoked', requests: 500, run: () => madeAndRevoked(door, administrator), keeps: 400 },
    { name: 'live calls, left', requests: 300, run: () => door.leave('GET', '/v1/admin/calls', { key: admin, headers: events }) },
    { name: 'report', requests: 300, run: () => administrator.get('/v1/admin/usage?by=model,day') },
    { name: 'report, CSV', requests: 300, run: () => administrator.get('/v1/admin/usage?by=model,day&format=csv') },
    { name: 'overview', requests: 200, run: () => administrator.get('/v1/admin/overview') },
    { name: 'audit', requests: 500, run: () => administrator.get('/v1/admin/audit') },
    { name: 'dashboard', requests: 500, run: () => administrator.get('/dashboard.js') },
    { name: 'metrics', requests: 500, run: () => administrator.get('/metrics') },
  ]
}

/** By one key. Answers are text. */
interface Asking {
  get(path: string, status?: number): Promise<string>
  post(path: string, body: unknown, status?: number): Promise<string>
  put(path: string, body: unknown): Promise<string>
  delete(path: string): Promise<string>
}

function asking(door: Door, key: string): Asking {
  return {
    get: (path, status = 200) => door.ask(status, 'GET', path, { key }),
    post: (path, body, status = 200) => door.ask(status, 'POST', path, { key, body }),
    put: (path, body) => door.ask(200, 'PUT', path, { key, body }),
    delete: (path) => door.ask(200, 'DELETE', path, { key }),
  }
}

/** @returns a key of its own, that may do everything there */
async function tenantWith(administrator: Asking, slug: string, policy: object): Promise<string> {
  await administrator.post('/v1/admin/tenants', { slug }, 201)
  await administrator.put(`/v1/admin/tenants/${slug}/policy`, policy)
  return (await newKey(administrator, { tenant: slug, scopes: ['call', 'admin'] })).key
}

async function newKey(administrator: Asking, wanted: object): Promise<{ readonly id: string; readonly key: string }> {
  const { key, id } = JSON.parse(await administrator.post('/v1/admin/keys', wanted, 201))
  return { key, id }
}

async function revokedKey(administrator: Asking): Promise<string> {
  const { id, key } = await newKey(administrator, { tenant: 'default' })
  await administrator.post(`/v1/admin/keys/${id}/revoke`, {})
  return key
}

async function madeAndRevoked(door: Door, administrator: Asking): Promise<void> {
  const { id, key } = await newKey(administrator, { tenant: 'default' })
  await asking(door, key).get('/v1/gateway/status')
  await administrator.post(`/v1/admin/keys/${id}/revoke`, {})
  await asking(door, key).get('/v1/gateway/status', 401)
}

/** With a call by each. */
async function changedAndBack(administrator: Asking, cached: Asking): Promise<void> {
  for (const maxAttempts of [2, 3]) {
    await administrator.put('/v1/admin/tenants/cached/policy', { cache: true, maxAttempts })
    await cached.post('/v1/gateway/chat', request)
  }
}

/** In the form of one that somebody was given. */
const unknownKey = () => writeKey({ id: newId(), secret: newSecret() })

function conversation(door: Door, key: string): Promise<void> {
  return door.converse('/v1/gateway/ws', key, { type: 'message', model, content: 'Hello' })
}

async function warmAndClear(caller: Asking): Promise<void> {
  const path = '/v1/gateway/cache'
  await caller.post(path, { requests: [{ ...request, messages: said(hex(8)) }] })
  await caller.get(path)
  await caller.delete(path)
}

async function finishedJob(caller: Asking): Promise<void> {
  const { id } = JSON.parse(await caller.post('/v1/gateway/jobs', { request }, 202))
  const path = `/v1/gateway/jobs/${id}`
  while (JSON.parse(await caller.get(path)).status !== 'done') await sleep(5)
  await caller.get(`${path}/result`)
}

async function cancelledJob(caller: Asking): Promise<void> {
  const { id } = JSON.parse(await caller.post('/v1/gateway/jobs', { request: { ...request, messages: said(slowly) } }, 202))
  await caller.post(`/v1/gateway/jobs/${id}/cancel`, {})
}

async function standing(caller: Asking): Promise<void> {
  for (const path of ['status', 'health', 'metrics']) await caller.get(`/v1/gateway/${path}`)
}

async function takenAndReturned(caller: Asking): Promise<void> {
  const day = new Date().toISOString().slice(0, 10)
  const scope = `["daily","usd","default"] day ${day}T00:00`
  const { id } = JSON.parse(await caller.post('/v1/control/leases', { scope, least: 1, wanted: 1000 }))
  await caller.post('/v1/control/leases/settle', { leases: [{ id, spent: 0 }] }, 204)
}

function line(): object {
  const callId = hex(8)
  const tokens = { input: 1200, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, audioInput: 0, output: 180, reasoning: 0 }
  return {
    ...{ id: `${callId}/1`, callId, attempt: 1, at: Date.now(), durationMs: 812, tags: { team: 'search' } },
    ...{ provider: 'openai', model, protocol: 'openai-chat', outcome: 'ok', basis: 'complete', cost: 1000 },
    usage: { ...tokens, audioOutput: 0 },
  }
}

/** One span, as OpenTelemetry's exporters send it in JSON. */
function trace(): object {
  const now = `${Date.now()}000000`
  const span = { traceId: hex(16), spanId: hex(8), name: 'chat', kind: 3, startTimeUnixNano: now, endTimeUnixNano: now }
  const attributes = [
    { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
    { key: 'gen_ai.request.model', value: { stringValue: model } },
    { key: 'gen_ai.usage.input_tokens', value: { intValue: '1000' } },
  ]
  return { resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, attributes }] }] }] }
}

const hex = (bytes: number) => randomBytes(bytes).toString('hex')
