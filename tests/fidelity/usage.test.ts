/** The one documented addition: a streamed chat is asked for its usage, and the answer to that is hidden. */
import { expect, test } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { reportOf } from '../../src/fetch.js'
import { serveRecorded } from '../helpers/recorded.js'
import { postBoth } from './pair.js'

const headers = { 'content-type': 'text/event-stream' }
const content = 'data: {"id":"1","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}],"usage":null}\n\n'
const finish = 'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'
const usage = 'data: {"id":"1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\n'
const done = 'data: [DONE]\n\n'
const whole = new TextEncoder().encode(content + finish + usage + done)
const body = { model: 'm', messages: [], stream: true }

test.each([undefined, 1, 5, 64])('the chunk that nobody asked for is hidden, in pieces of %s bytes', async (pieces) => {
  const { plain, leashed } = await postBoth('/chat/completions', body, {
    status: 200,
    headers,
    body: whole,
    ...(pieces && { pieces }),
  })
  expect(leashed.sent.body.toString()).toBe('{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}')
  expect(plain.bytes).toBe(content + finish + usage + done)
  expect(leashed.bytes).toBe(content + finish + done)
})

test('a caller who asks for it gets it', async () => {
  const asking = { ...body, stream_options: { include_usage: true } }
  const { plain, leashed } = await postBoth('/chat/completions', asking, { status: 200, headers, body: whole })
  expect(leashed.sent.body.toString()).toBe(plain.sent.body.toString())
  expect(leashed.bytes).toBe(plain.bytes)
})

test('a caller’s other stream options stay beside the question', async () => {
  const stream_options = { include_obfuscation: false, include_usage: false, later: [1] }
  const { leashed } = await postBoth('/chat/completions', { ...body, stream_options }, { status: 200, headers, body: whole })
  expect(JSON.parse(leashed.sent.body.toString())).toEqual({
    ...body,
    stream_options: { include_obfuscation: false, include_usage: true, later: [1] },
  })
  expect(leashed.bytes).toBe(content + finish + done)
})

test('the report has the usage that the caller does not see', async () => {
  await using server = await serveRecorded({ status: 200, headers, body: whole })
  const client = new LeashLLM({ apiKey: 'key', baseURL: `${server.url}/v1` })
  const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
  expect((await reportOf(stream)).usage).toMatchObject({ input: 3, output: 4 })
})

test('an answer that is no stream is asked for nothing', async () => {
  const unary = { model: 'm', messages: [] }
  const answer = {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode('{"choices":[]}'),
  }
  const { leashed } = await postBoth('/chat/completions', unary, answer)
  expect(leashed.sent.body.toString()).toBe(JSON.stringify(unary))
})
