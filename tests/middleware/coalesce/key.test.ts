import { describe, expect, test } from 'vitest'
import type { Call, Here } from '../../../src/core/call.js'
import type { Transport } from '../../../src/core/transport.js'
import { askedIn, Circumstances } from '../../../src/middleware/coalesce/key.js'
import { aCall } from '../../helpers/call.js'

const { target } = aCall()
const transport: Transport = async () => new Response()

function here(headers: Record<string, string>, over: Partial<Here> = {}): Partial<Call> {
  return {
    here: {
      url: 'https://vendor.test/v1/chat',
      headers: new Headers(headers),
      isVendor: true,
      provider: 'test',
      ready: true,
      transport,
      ...over,
    },
  }
}

type Asked = Partial<Call> & { readonly text?: string }

function same(a: Asked, b: Asked): boolean {
  const [one, other] = [aCall({ target, ...a }), aCall({ target, ...b })]
  const asked = askedIn(one)
  return asked !== undefined && asked === askedIn(other) && new Circumstances(one).equal(new Circumstances(other))
}

const agent = {}

describe('two calls are the same', () => {
  const pairs: Record<string, [Asked, Asked]> = {
    'whatever their ids and reports': [{ id: 'a' }, { id: 'b', report: aCall().report }],
    'with the same bytes': [{ text: '{"a":1}' }, { text: '{"a":1}' }],
    'with the same members in another order, where there are no bytes': [
      { body: { a: 1, b: { c: 1, d: [1, 2] } } },
      { body: { b: { d: [1, 2], c: 1 }, a: 1 } },
    ],
    'of callers with tags, users, keys and deadlines of their own': [
      { options: { tags: { a: '1' }, user: 'a', key: 'k1', deadlineMs: 1000 }, deadline: 1 },
      { options: { tags: { a: '2' }, user: 'b', key: 'k2', deadlineMs: 2000 }, deadline: 2 },
    ],
    'with traces and ids of their own': [
      here({ authorization: 'Bearer a', traceparent: '00-a', 'x-request-id': '1', 'x-stainless-retry-count': '0' }),
      here({ authorization: 'Bearer a', traceparent: '00-b', 'x-request-id': '2', 'x-stainless-retry-count': '1' }),
    ],
    'signed by the same key in another second': [
      here({ authorization: 'AWS4-HMAC-SHA256 Credential=AK/20261121/x, SignedHeaders=host, Signature=00ff', 'x-amz-date': '1' }),
      here({ authorization: 'AWS4-HMAC-SHA256 Credential=AK/20261121/x, SignedHeaders=host, Signature=11ee', 'x-amz-date': '2' }),
    ],
  }
  test.each(Object.entries(pairs))('%s', (_, [a, b]) => expect(same(a, b)).toBe(true))
})

describe('two calls are not the same', () => {
  const pairs: Record<string, [Asked, Asked]> = {
    'of two tenants': [{ options: { tenant: 'a' } }, { options: { tenant: 'b' } }],
    'of a tenant and nobody': [{ options: { tenant: 'null' } }, { options: {} }],
    'in two protocols': [{ protocol: 'gemini' }, { protocol: 'openai-chat' }],
    'where one is a stream': [{ stream: true }, { stream: false }],
    'by two names of a model': [{ model: 'fast' }, { model: 'gpt-test' }],
    'at two targets': [{ target: { ...target, model: 'other' } }, {}],
    'where one came over HTTP': [{ remote: true }, {}],
    'with other bytes': [{ text: '{"a":1}' }, { text: '{"a": 1}' }],
    'with items in another order': [{ body: { a: [1, 2] } }, { body: { a: [2, 1] } }],
    'with another version of the protocol': [{ headers: { 'anthropic-beta': 'a' } }, { headers: { 'anthropic-beta': 'b' } }],
    'with other keys': [here({ authorization: 'Bearer a' }), here({ authorization: 'Bearer b' })],
    'with a header that we do not know': [here({ 'x-own': 'a' }), here({ 'x-own': 'b' })],
    'at two addresses': [here({}), here({}, { url: 'https://other.test/v1/chat' })],
    'sent by two means': [here({}), here({}, { transport: async () => new Response() })],
    'over two agents': [
      here({}, { init: { dispatcher: agent } as RequestInit }),
      here({}, { init: { dispatcher: {} } as RequestInit }),
    ],
    'of which one is strict': [{ options: { strict: true } }, { options: { strict: false } }],
    'with other retries': [{ options: { maxRetries: 0 } }, { options: { maxRetries: 1 } }],
    'with other timeouts': [{ options: { timeouts: { idleMs: 1 } } }, { options: { timeouts: { idleMs: 2 } } }],
    'with other targets to fall back to': [{ options: { fallback: ['a'] } }, { options: { fallback: ['b'] } }],
  }
  test.each(Object.entries(pairs))('%s', (_, [a, b]) => expect(same(a, b)).toBe(false))
})

test('an agent is the same as itself', () => {
  const init = { dispatcher: agent } as RequestInit
  expect(same(here({}, { init }), here({}, { init }))).toBe(true)
})

test('a body that is nested too deeply is compared with none', () => {
  const body = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  expect(askedIn(aCall({ body }))).toBeUndefined()
})
