/** What we write, read by OpenAI's own client over a real socket; and what it sends, read by us. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { replay } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatResponse } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { type Served, serve } from '../../helpers/serve.js'
import { downstream, sseOf } from './kit.js'

const signature = { format: 'anthropic-claude-v1', value: 'EqQB+/==' } as const
const reply: ChatResponse = {
  id: 'msg_1',
  model: 'claude',
  created: 5,
  choices: [
    {
      content: [
        { type: 'reasoning', text: 'Hm, hm.', signature },
        { type: 'text', text: 'It rains in Köln.' },
        { type: 'tool-call', id: 'a', name: 'weather', arguments: '{"city":"Köln"}' },
        { type: 'tool-call', id: 'b', name: 'now', arguments: '{}' },
      ],
      finishReason: 'tool-calls',
    },
  ],
  usage: usageOf({ input: 5, cacheRead: 3, output: 7, reasoning: 2 }),
}

let served: Served
let client: OpenAI
/** The last request, as it came over the wire. */
let seen: JsonObject
let failure: LeashError | undefined

beforeAll(async () => {
  served = await serve(async (request) => {
    seen = (await request.json()) as JsonObject
    if (failure) {
      const { status, body } = openaiChat.encodeError(failure)
      return Response.json(body, { status })
    }
    const asked = downstream.decodeRequest(seen, () => {})
    if (seen.stream !== true) return Response.json(downstream.encodeResponse(reply, asked))
    return new Response(sseOf([...replay(reply)], asked), { headers: { 'content-type': 'text/event-stream' } })
  })
  client = new OpenAI({ apiKey: 'test', baseURL: `${served.url}/v1`, maxRetries: 0 })
})
afterAll(() => served.close())

const params = { model: 'claude', messages: [{ role: 'user' as const, content: 'Weather?' }] }
const calls = [
  { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
  { id: 'b', type: 'function', function: { name: 'now', arguments: '{}' } },
]

describe('the official client', () => {
  test('reads a whole answer', async () => {
    const completion = await client.chat.completions.create(params)
    expect(completion.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'It rains in Köln.', tool_calls: calls })
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls')
    expect(completion.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 9, total_tokens: 17 })
  })

  test('reads a stream, with usage when it asks', async () => {
    const stream = await client.chat.completions.create({ ...params, stream: true, stream_options: { include_usage: true } })
    let text = ''
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage
    }
    expect(text).toBe('It rains in Köln.')
    expect(usage?.total_tokens).toBe(17)
  })

  test('accumulates a stream to the same answer, thinking and signatures with it', async () => {
    const message = await client.chat.completions.stream(params).finalMessage()
    expect(message).toMatchObject({ role: 'assistant', content: 'It rains in Köln.', tool_calls: calls })
    const { request } = { request: downstream.decodeRequest({ messages: [JSON.parse(JSON.stringify(message))] }, () => {}) }
    expect(request.messages[0]?.content).toEqual(reply.choices[0]?.content)
  })

  test('its history, sent back as it came, loses nothing', async () => {
    const { choices } = await client.chat.completions.create(params)
    const answered = choices[0]?.message as OpenAI.ChatCompletionAssistantMessageParam
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'ok' }))
    await client.chat.completions.create({ ...params, messages: [...params.messages, answered, ...results] })
    const lost: string[] = []
    const { messages } = downstream.decodeRequest(seen, (path) => lost.push(path))
    expect(lost).toEqual([])
    expect(messages[1]?.content).toEqual(reply.choices[0]?.content)
    expect(messages[2]?.content).toHaveLength(2)
  })

  test.each([
    [new LeashError('rate_limited', 'Slow down.'), OpenAI.RateLimitError],
    [new LeashError('model_not_allowed', 'Not this one.'), OpenAI.PermissionDeniedError],
    [new LeashError('unknown_model', 'No such model.'), OpenAI.BadRequestError],
    [new LeashError('missing_key', 'Set a key.'), OpenAI.AuthenticationError],
    [new LeashError('circuit_open', 'Wait.'), OpenAI.InternalServerError],
  ])('raises its own class for %s', async (error, type) => {
    failure = error
    const raised = await client.chat.completions.create(params).catch((thrown: unknown) => thrown)
    failure = undefined
    expect(raised).toBeInstanceOf(type)
    expect(raised).toMatchObject({ status: error.status, code: error.code, message: `${error.status} ${error.message}` })
  })
})

test('an error event in a stream is raised by the official client', async () => {
  const encoder = downstream.encodeStream({ messages: [] })
  const body = encoder.fail(new LeashError('stream_truncated', 'Cut.')).map(({ data }) => `data: ${data}\n\n`)
  const broken = new OpenAI({
    apiKey: 'test',
    fetch: async () => new Response(body.join(''), { headers: { 'content-type': 'text/event-stream' } }),
  })
  const read = async () => {
    for await (const _ of await broken.chat.completions.create({ ...params, stream: true }))
      throw new Error('no chunk was expected')
  }
  await expect(read()).rejects.toMatchObject({ code: 'stream_truncated', message: '[stream_truncated] Cut.' })
})
