/** One configuration, one meaning: what a leash does in the process, the relay does behind HTTP. */
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../src/leash.js'
import type { Policy } from '../../src/policy.js'
import { type Fault, mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { openRelay } from './helpers.js'

const mock = useMock()

interface Fixture {
  readonly title: string
  readonly policy: Policy
  readonly faults?: readonly Fault[]
  readonly calls?: readonly Call[]
}

interface Call {
  readonly path: string
  readonly body: object
}

const messages = [{ role: 'user', content: 'Write to ada@example.com about the harvest.' }]
const chat = (more: object = {}): Call => ({
  path: '/v1/chat/completions',
  body: { model: 'gpt-4o-mini', max_tokens: 50, messages, ...more },
})
const anthropic = (more: object = {}): Call => ({
  path: '/v1/messages',
  body: { model: 'gpt-4o-mini', max_tokens: 50, messages, ...more },
})

const fixtures: readonly Fixture[] = [
  {
    title: 'no policy',
    policy: {},
    calls: [chat(), chat({ stream: true }), anthropic(), anthropic({ stream: true, model: 'claude-haiku-4-5' })],
  },
  { title: 'a retry', policy: { retry: { attempts: 2 } }, faults: [{ status: 503 }] },
  { title: 'no retry', policy: { retry: false }, faults: [{ status: 503 }] },
  {
    title: 'a fallback',
    policy: { retry: false, fallback: ['claude-haiku-4-5'] },
    faults: [{ status: 503 }],
    calls: [chat(), chat({ stream: true })],
  },
  {
    title: 'access',
    policy: { access: { models: { allow: ['claude-*'] } } },
    calls: [chat(), chat({ model: 'claude-haiku-4-5' })],
  },
  { title: 'redaction', policy: { redact: true }, calls: [chat(), chat({ stream: true }), anthropic()] },
  { title: 'routes', policy: { routes: { fast: 'groq/llama-3.3-70b-versatile' } }, calls: [chat({ model: 'fast' })] },
  { title: 'a cache', policy: { cache: true }, calls: [chat(), chat(), chat({ stream: true }), chat({ stream: true })] },
  { title: 'a budget', policy: { budgets: [{ limit: { requests: 2 }, per: 'day' }] }, calls: [chat(), chat(), chat()] },
  { title: 'the cost of one call', policy: { maxCostUsd: 0.0000001 } },
  { title: 'a rate limit', policy: { rateLimit: [{ limit: { requests: 1 }, per: 'day' }] }, calls: [chat(), chat()] },
  { title: 'strictness', policy: { strict: true }, calls: [chat({ model: 'claude-haiku-4-5', logit_bias: { 50256: -100 } })] },
]

type Ask = (call: Call) => Promise<Response>

/** What the caller gets, and what the vendors see. */
async function traceOf({ faults = [], calls = [chat()] }: Fixture, ask: Ask): Promise<unknown> {
  mock.reset()
  mock.script(...faults)
  const answers: unknown[] = []
  for (const call of calls) {
    const response = await ask(call)
    const text = scrubbed(await response.text())
    answers.push({
      status: response.status,
      type: response.headers.get('content-type'),
      provider: response.headers.get('x-leash-provider'),
      text,
    })
  }
  return { answers, seen: mock.requests.map(({ method, path, text }) => ({ method, path, text: scrubbed(text) })) }
}

/** Without what is another for each call. */
function scrubbed(text: string): string {
  return text
    .replace(/"(id|created)":("[^"]*"|\d+)/g, '"$1":"…"')
    .replace(/\b\d+ (s|ms|minutes|hours|seconds)\b/g, '…')
    .replace(/(call|chatcmpl|msg|resp)_?-?[\w-]{8,}/g, '…')
}

const init = ({ body }: Call, key: string) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
  body: JSON.stringify(body),
})

describe('in the process and through the relay, the same comes of', () => {
  test.each(fixtures)('$title', async (fixture) => {
    const leash = createLeash({ providers: mockProviders(mock.url), ...fixture.policy })
    const inProcess = await traceOf(fixture, (call) =>
      leash.handle(new Request(`http://leash.test${call.path}`, init(call, 'any'))),
    )
    await leash.close()
    const relay = await openRelay(mock.url, { policy: fixture.policy })
    const throughRelay = await traceOf(fixture, (call) => fetch(`${relay.url}${call.path}`, init(call, relay.call)))
    expect(throughRelay).toEqual(inProcess)
  })
})
