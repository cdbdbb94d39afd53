/** Anthropic's own SDK against a real server on this machine that serves what we spell. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { replay } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatResponse } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { sse } from '../../../src/protocols/framing/sse.js'
import { pieces } from '../../helpers/decode.js'
import { responses } from './arbitrary.js'
import { bytesOfWire, decode, downstream, encodeEvents, exchanges, hello } from './kit.js'

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly chunks: readonly Uint8Array[]
}

let server: Server
let client: Anthropic
let answer: Answer
let received: { path: string; body: JsonObject } | undefined

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received = { path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) }
      response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'application/json' })
      for (const chunk of answer.chunks) response.write(chunk)
      response.end()
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  client = new Anthropic({ apiKey: 'test', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 })
})
afterAll(() => server.close())

const params = { model: 'claude-haiku-5-5', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hello' }] }
const whole = (body: JsonObject, status = 200): Answer => ({ status, chunks: [new TextEncoder().encode(JSON.stringify(body))] })
const streamed = (bytes: Uint8Array, size = bytes.length): Answer => ({
  type: sse.contentType,
  chunks: pieces(bytes, size),
})
const stream = () => client.messages.stream(params).finalMessage()

const example: ChatResponse = {
  id: 'chatcmpl-1',
  model: 'gpt',
  choices: [
    {
      content: [
        { type: 'reasoning', text: 'hm', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
        { type: 'text', text: 'Looking.' },
        { type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"city":"Paris"}' },
        { type: 'tool-call', id: 'call_2', name: 'now', arguments: '{}' },
      ],
      finishReason: 'tool-calls',
    },
  ],
  usage: usageOf({ input: 11, cacheRead: 4, output: 6, reasoning: 2 }),
}

describe('the SDK of Anthropic', () => {
  it('reads a whole answer', async () => {
    const body = downstream.encodeResponse(example, { messages: hello })
    answer = whole(body)
    expect(await client.messages.create(params)).toMatchObject(body)
  })

  it('puts a stream together to the same message as the whole answer', async () => {
    answer = streamed(bytesOfWire(encodeEvents(replay(example))), 7)
    const body = downstream.encodeResponse(example, { messages: hello })
    expect(await stream()).toEqual({
      ...body,
      parsed_output: null,
      usage: expect.objectContaining({ input_tokens: 11, output_tokens: 8 }),
    })
  })

  it('does so for any answer', async () => {
    await fc.assert(
      fc.asyncProperty(responses, async (response) => {
        answer = streamed(bytesOfWire(encodeEvents(replay(response))))
        const body = downstream.encodeResponse(response, { messages: hello })
        const message = await stream()
        expect(message.content.map(({ type }) => type)).toEqual((body.content as { type: string }[]).map(({ type }) => type))
        expect(JSON.parse(JSON.stringify(message.content))).toEqual(body.content)
        expect(message.stop_reason).toBe(body.stop_reason)
      }),
      { numRuns: 40 },
    )
  })

  it('hands on text as it comes', async () => {
    answer = streamed(bytesOfWire(encodeEvents(replay(example))), 1)
    const texts: string[] = []
    const running = client.messages.stream(params).on('text', (text) => texts.push(text))
    await running.finalMessage()
    expect(texts).toEqual(['Looking.'])
  })

  it('raises the error of a stream that failed on the way', async () => {
    const encoder = downstream.encodeStream({ messages: hello })
    const wire = [
      ...encoder.push({ type: 'start', id: 'x', model: 'm' }),
      ...encoder.push({ type: 'part-start', choice: 0, index: 0, part: { type: 'text', text: 'half' } }),
      ...encoder.fail(new LeashError('stream_truncated', 'The stream was cut.')),
    ]
    answer = streamed(bytesOfWire(wire))
    await expect(stream()).rejects.toMatchObject({
      type: 'api_error',
      errorCode: 'stream_truncated',
      apiMessage: '[stream_truncated] The stream was cut.',
    })
  })

  it.each([
    [new LeashError('rate_limited', 'slow'), Anthropic.RateLimitError],
    [new LeashError('missing_key', 'no key'), Anthropic.AuthenticationError],
    [new LeashError('policy_blocked', 'no'), Anthropic.PermissionDeniedError],
    [new LeashError('not_found', 'what'), Anthropic.NotFoundError],
    [new LeashError('invalid_request', 'bad'), Anthropic.BadRequestError],
    [new LeashError('upstream_error', 'broken'), Anthropic.InternalServerError],
  ])('raises its own class for %s', async (error, expected) => {
    const { status, body } = anthropicMessages.encodeError(error)
    answer = whole(body, status)
    const failure = await client.messages.create(params).catch((caught: unknown) => caught)
    expect(failure).toBeInstanceOf(expected)
    expect(failure).toMatchObject({ status, errorCode: error.code })
  })

  it('sends requests that are recognised and read', async () => {
    answer = whole(downstream.encodeResponse(example, { messages: hello }))
    await client.messages.create({
      ...params,
      system: 'be brief',
      tools: [{ name: 'look', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      thinking: { type: 'disabled' },
    })
    expect(anthropicMessages.match(received?.path ?? '', received?.body ?? {})).toEqual({
      model: 'claude-haiku-5-5',
      stream: false,
    })
    const { request, losses } = decode(received?.body ?? {})
    expect(losses).toEqual([])
    expect(request).toMatchObject({
      toolChoice: { type: 'required' },
      parallelToolCalls: false,
      reasoning: { effort: 'none' },
      maxTokens: 100,
    })
  })

  it('reads every recorded stream from our hands as from the vendor’s', async () => {
    for (const { response } of exchanges) {
      if (response.sse === undefined) continue
      answer = streamed(new TextEncoder().encode(response.sse))
      const theirs = await stream()
      const kept = theirs.content.filter(({ type }) => !/server_tool_use|_tool_result$/.test(type))
      const { upstream } = anthropicMessages
      const decoder = upstream.decodeStream({ model: 'm', lose: () => {}, request: { messages: hello } })
      const events = response.sse.split('\n\n').flatMap((event) => {
        const data = /^data: (.*)$/m.exec(event)?.[1]
        return data === undefined ? [] : decoder.push({ data })
      })
      answer = streamed(bytesOfWire(encodeEvents(events)))
      const ours = await stream()
      expect(ours.content).toEqual(kept.map((block) => expect.objectContaining(said(block))))
      expect(ours).toMatchObject({ id: theirs.id, model: theirs.model, stop_reason: theirs.stop_reason })
      expect(ours.usage).toMatchObject({ input_tokens: theirs.usage.input_tokens, output_tokens: theirs.usage.output_tokens })
    }
  })
})

/** Members that a vendor's block has and that say something of the answer. */
function said(block: Anthropic.ContentBlock): object {
  return Object.fromEntries(
    Object.entries(block).filter(([name, value]) => name !== 'caller' && value !== null && value !== undefined),
  )
}
