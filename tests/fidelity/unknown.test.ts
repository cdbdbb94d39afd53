/** What was released after us goes through as what we know: both ways, byte for byte. */
import { gzipSync } from 'node:zlib'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { serveRecorded } from '../helpers/recorded.js'
import { comparable, comparableHeaders, postBoth } from './pair.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const json = { 'content-type': 'application/json', 'x-from-tomorrow': 'kept', 'x-request-id': 'req_1' }
const sse = { 'content-type': 'text/event-stream; charset=utf-8', 'x-from-tomorrow': 'kept' }

/** A member that nobody knows yet on every level. */
const chat = {
  model: 'gpt-99',
  messages: [{ role: 'user', content: [{ type: 'hologram', hologram: { depth: 3 } }], mood: 'curious' }],
  tools: [{ type: 'time_machine', destination: 1985, nested: [null, { deep: true }] }],
  from_tomorrow: { a: [1, 2.5, null], ключ: '\u2028"\\' },
}
const responses = {
  model: 'gpt-99',
  input: [{ type: 'hologram', hologram: { depth: 3 } }],
  tools: [{ type: 'time_machine', destination: 1985 }],
  from_tomorrow: true,
}

test.each([
  ['/chat/completions', chat],
  ['/responses', responses],
  ['/embeddings', { model: 'embed-99', input: 'x', from_tomorrow: [1] }],
])('a request to %s keeps members that nobody knows yet', async (path, body) => {
  const answer = { status: 200, headers: json, body: bytes('{"object":"from.tomorrow"}') }
  const { plain, leashed } = await postBoth(path, body, answer)
  expect(comparable(leashed.sent)).toEqual(comparable(plain.sent))
  expect(JSON.parse(leashed.sent.body.toString())).toEqual(body)
})

test.each(['/chat/completions', '/responses', '/embeddings'])(
  'an answer of %s keeps its bytes, odd as they are',
  async (path) => {
    // White space, a member twice, an integer that no double can hold, and things that nobody knows.
    const text =
      '{\n  "object" : "from.tomorrow",\t"id":1,"id":2, "big": 12345678901234567890,\r\n "choices":[{"later":{}}],"output":[{"type":"later"}] }\n'
    const { plain, leashed } = await postBoth(path, { model: 'm' }, { status: 200, headers: json, body: bytes(text) })
    expect(plain.bytes).toBe(text)
    expect(leashed.bytes).toBe(text)
    expect(comparableHeaders(leashed.headers)).toEqual(comparableHeaders(plain.headers))
    expect(leashed.headers['x-from-tomorrow']).toBe('kept')
  },
)

const finish = '{"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
const streams = {
  '/chat/completions': [
    `: a comment\n\nid: 7\nretry: 3000\nevent: from_tomorrow\ndata: {"later": true}\n\ndata:  {"odd":"space"}\n\ndata: ${finish}\n\ndata: [DONE]\n\n`,
    `\uFEFFdata: ${finish}\r\n\r\n: keep-alive\r\n\r\ndata: [DONE]\r\n\r\n`,
    `data: {"id":"1","choices":[{"index":0,"delta":{"content":"hi","hologram":[1]},"later":1}],"later":{}}\n\ndata: ${finish}\n\ndata: [DONE]\n\n`,
    `data: ${finish}\n\n`,
  ],
  '/responses': [
    'event: response.from_tomorrow.delta\ndata: {"type":"response.from_tomorrow.delta","delta":[1,{"x":2}]}\n\nevent: response.completed\ndata: {"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":"hologram"}],"later":1}}\n\n',
  ],
}

test.each(Object.entries(streams).flatMap(([path, texts]) => texts.map((text) => [path, text] as const)))(
  'a stream of %s keeps its bytes: %j',
  async (path, text) => {
    const body = { model: 'm', stream: true, ...(path === '/chat/completions' && { stream_options: { include_usage: true } }) }
    for (const pieces of [undefined, 1]) {
      const answer = { status: 200, headers: sse, body: bytes(text), ...(pieces && { pieces }) }
      const { plain, leashed } = await postBoth(path, body, answer)
      expect(leashed.bytes).toBe(plain.bytes)
      expect(comparableHeaders(leashed.headers)).toEqual(comparableHeaders(plain.headers))
    }
  },
)

test('a compressed answer is read as OpenAI’s client reads it', async () => {
  const headers = { ...json, 'content-encoding': 'gzip' }
  const answer = { status: 200, headers, body: gzipSync('{"object":"chat.completion","choices":[]}') }
  const { plain, leashed } = await postBoth('/chat/completions', { model: 'm' }, answer)
  expect(leashed.bytes).toBe(plain.bytes)
})

test('an error’s body comes through whole, and so do its headers', async () => {
  const text = '{"error":{"message":"No.","type":"from_tomorrow","code":"later","param":null,"hint":{"x":[1]}},"more":1}'
  for (const status of [400, 402, 418, 451, 500, 599]) {
    const { plain, leashed } = await postBoth('/chat/completions', { model: 'm' }, { status, headers: json, body: bytes(text) })
    expect(leashed.error).toEqual(plain.error)
    expect(comparableHeaders(leashed.headers)).toEqual(comparableHeaders(plain.headers))
  }
})

test('an error that is no JSON comes through as it is', async () => {
  const headers = { 'content-type': 'text/html' }
  const answer = { status: 503, headers, body: bytes('<h1>Bad gateway</h1>') }
  const { plain, leashed } = await postBoth('/chat/completions', { model: 'm' }, answer)
  expect(leashed.error).toEqual(plain.error)
})

test('what create() gives is the same, unknown members and all', async () => {
  const body = { id: '1', object: 'chat.completion', choices: [{ index: 0, message: { content: 'hi', later: [1] } }], later: {} }
  await using server = await serveRecorded({ status: 200, headers: json, body: bytes(JSON.stringify(body)) })
  const options = { apiKey: 'key', baseURL: `${server.url}/v1` }
  const create = (client: OpenAI) => client.chat.completions.create({ model: 'm', messages: [] })
  const [ours, theirs] = [await create(new LeashLLM(options)), await create(new OpenAI(options))]
  expect(ours).toEqual(theirs)
  expect(Object.keys(ours)).toEqual(Object.keys(theirs))
  expect(ours._request_id).toBe(theirs._request_id)
})
