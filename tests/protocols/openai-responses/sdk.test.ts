/** OpenAI's own clients read what we write, over a real socket. */
import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import OpenAI6 from 'openai-6'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { LeashError } from '../../../src/core/errors.js'
import { replay } from '../../../src/core/events.js'
import type { ChatRequest, ChatResponse } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { type Served, serve } from '../../helpers/serve.js'
import { downstream, sseOf, wire } from './helpers.js'

/** An answer with every kind of part that this API has a word for. */
const rich: ChatResponse = {
  id: 'msg_01',
  model: 'model-a',
  created: 1_700_000_000,
  choices: [
    {
      content: [
        { type: 'reasoning', text: 'First thought.', id: 'rs_a', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
        { type: 'reasoning', text: '', redacted: true, signature: { format: 'openai-responses-v1', value: 'gAAAA' } },
        { type: 'text', text: 'Let me look 👀 at ' },
        { type: 'text', text: 'both.', citations: [{ url: 'https://a.example', title: 'A', start: 0, end: 4 }] },
        { type: 'tool-call', id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
        { type: 'tool-call', id: 'call_2', name: 'now', arguments: '{}' },
      ],
      finishReason: 'tool-calls',
    },
  ],
  usage: usageOf({ input: 10, cacheRead: 5, output: 7, reasoning: 3 }),
  serviceTier: 'default',
}

const weather = { type: 'function', name: 'weather', parameters: null, strict: false } as const

let served: Served
let answers: ChatResponse
let request: ChatRequest
let cut: LeashError | undefined

beforeAll(async () => {
  served = await serve(async (asked) => {
    const body = await asked.json()
    request = downstream.decodeRequest(body, () => {})
    if (!body.stream) return Response.json(downstream.encodeResponse(answers, request))
    const encoder = downstream.encodeStream(request)
    const events = [...replay(answers)].slice(0, cut ? -3 : undefined).flatMap((event) => encoder.push(event))
    return new Response(sseOf([...events, ...(cut ? encoder.fail(cut) : [])]), {
      headers: { 'content-type': 'text/event-stream' },
    })
  })
})
afterAll(() => served.close())

const clients = { 'openai 7': OpenAI, 'openai 6': OpenAI6 as unknown as typeof OpenAI }

for (const [name, Client] of Object.entries(clients)) {
  describe(name, () => {
    const client = () => new Client({ apiKey: 'test', baseURL: `${served.url}/v1`, maxRetries: 0 })

    test('a unary answer arrives whole', async () => {
      answers = rich
      const response = await client().responses.create({ model: 'm', input: 'hi', tools: [weather] })
      expect(response.output_text).toBe('Let me look 👀 at both.')
      expect(response.status).toBe('completed')
      expect(response.output.map(({ type }) => type)).toEqual([
        'reasoning',
        'reasoning',
        'message',
        'function_call',
        'function_call',
      ])
      expect(response.usage).toMatchObject({ input_tokens: 15, output_tokens: 10, total_tokens: 25 })
    })

    test('a stream helper ends in the same response as the unary answer', async () => {
      answers = rich
      const asked = { model: 'm', input: 'hi', tools: [weather] }
      const unary = await client().responses.create(asked)
      const final = await client().responses.stream(asked).finalResponse()
      expect(final.output_text).toBe(unary.output_text)
      expect(final).toMatchObject(JSON.parse(JSON.stringify({ ...unary, output: unary.output.map(withoutNulls) })))
    })

    test('each event of a raw stream is numbered, and each delta has its place', async () => {
      answers = rich
      const events = []
      for await (const event of await client().responses.create({ model: 'm', input: 'hi', stream: true })) events.push(event)
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
      expect(events.at(0)?.type).toBe('response.created')
      expect(events.at(-1)?.type).toBe('response.completed')
      const text = events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join('')
      expect(text).toBe('Let me look 👀 at both.')
    })

    test('output items of a stream never overlap', async () => {
      answers = rich
      let open: number | undefined
      for await (const event of await client().responses.create({ model: 'm', input: 'hi', stream: true })) {
        if (event.type === 'response.output_item.added') {
          expect(open).toBeUndefined()
          open = event.output_index
        } else if ('output_index' in event) {
          expect(event.output_index).toBe(open)
          if (event.type === 'response.output_item.done') open = undefined
        }
      }
    })

    test('the helper hands out the text and the arguments as they grow', async () => {
      answers = rich
      const stream = client().responses.stream({ model: 'm', input: 'hi' })
      const text: string[] = []
      const args: string[] = []
      stream.on('response.output_text.delta', ({ snapshot }) => text.push(snapshot))
      stream.on('response.function_call_arguments.delta', ({ snapshot }) => args.push(snapshot))
      await stream.done()
      expect(text).toEqual(['Let me look 👀 at ', 'both.'])
      expect(args).toEqual(['{"city":"Oslo"}', '{}'])
    })

    test('structured output is parsed', async () => {
      answers = { ...rich, choices: [{ content: [{ type: 'text', text: '{"city":"Oslo"}' }], finishReason: 'stop' }] }
      const format = zodTextFormat(z.object({ city: z.string() }), 'place')
      const parsed = await client().responses.parse({ model: 'm', input: 'hi', text: { format } })
      expect(parsed.output_parsed).toEqual({ city: 'Oslo' })
      expect(request.responseFormat).toMatchObject({ type: 'json-schema', name: 'place', strict: true })
      const streamed = await client().responses.stream({ model: 'm', input: 'hi', text: { format } }).finalResponse()
      expect(streamed.output_parsed).toEqual({ city: 'Oslo' })
    })

    test('reasoning arrives as a summary when one was asked for', async () => {
      answers = rich
      const summaries: string[] = []
      const stream = client().responses.stream({ model: 'm', input: 'hi', reasoning: { effort: 'low', summary: 'auto' } })
      stream.on('response.reasoning_summary_text.delta', ({ delta }) => summaries.push(delta))
      const final = await stream.finalResponse()
      expect(summaries).toEqual(['First thought.'])
      expect(final.output[0]).toMatchObject({ type: 'reasoning', summary: [{ type: 'summary_text', text: 'First thought.' }] })
    })

    test('an answer cut by its length is incomplete, and says so', async () => {
      answers = { ...rich, choices: [{ content: [{ type: 'text', text: 'Once upon' }], finishReason: 'length' }] }
      const final = await client().responses.stream({ model: 'm', input: 'hi' }).finalResponse()
      expect(final.status).toBe('incomplete')
      expect(final.incomplete_details).toEqual({ reason: 'max_output_tokens' })
      expect(final.output[0]).toMatchObject({ type: 'message', status: 'incomplete' })
      const unary = await client().responses.create({ model: 'm', input: 'hi' })
      expect(unary.incomplete_details).toEqual({ reason: 'max_output_tokens' })
    })

    test('a refusal is a refusal part of a completed answer', async () => {
      answers = { ...rich, choices: [{ content: [{ type: 'refusal', text: 'I cannot.' }], finishReason: 'refusal' }] }
      const final = await client().responses.stream({ model: 'm', input: 'hi' }).finalResponse()
      expect(final.status).toBe('completed')
      expect(final.output[0]).toMatchObject({ content: [{ type: 'refusal', refusal: 'I cannot.' }] })
    })

    test('a stream that breaks off is thrown as an API error with our code', async () => {
      answers = rich
      cut = new LeashError('stream_truncated', 'The stream ended before the answer was complete. Send the call again.')
      try {
        await expect(client().responses.stream({ model: 'm', input: 'hi' }).finalResponse()).rejects.toMatchObject({
          code: 'stream_truncated',
          message: expect.stringContaining('Send the call again'),
        })
        const raw = async () => {
          for await (const _ of await client().responses.create({ model: 'm', input: 'hi', stream: true })) {
          }
        }
        await expect(raw()).rejects.toBeInstanceOf(Client.APIError)
      } finally {
        cut = undefined
      }
    })

    test('the output of one turn goes back as input of the next, with its tool results', async () => {
      answers = rich
      const first = await client().responses.create({ model: 'm', input: 'hi', tools: [weather] })
      await client().responses.create({
        model: 'm',
        tools: [weather],
        input: [
          { role: 'user', content: 'hi' },
          ...(first.output as OpenAI.Responses.ResponseInputItem[]),
          { type: 'function_call_output', call_id: 'call_1', output: 'rain' },
          { type: 'function_call_output', call_id: 'call_2', output: 'noon' },
        ],
      })
      expect(request.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
      const [thought, hidden] = request.messages[1]?.content ?? []
      expect(thought).toMatchObject({ text: 'First thought.', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } })
      expect(hidden).toMatchObject({ redacted: true, signature: { format: 'openai-responses-v1', value: 'gAAAA' } })
      expect(request.messages[2]?.content).toHaveLength(2)
    })
  })
}

/** The parsing helpers add `parsed: null` where there is nothing to parse. */
function withoutNulls(item: object): object {
  return JSON.parse(JSON.stringify(item), (key, value) => (key === 'parsed' || key === 'parsed_arguments' ? undefined : value))
}

test('the events of a stream are those of the documentation, in its order', () => {
  expect(wire(replay(rich)).map(({ event }) => event?.replace('response.', ''))).toMatchInlineSnapshot(`
    [
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "reasoning_text.delta",
      "reasoning_text.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "output_item.done",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "content_part.added",
      "output_text.delta",
      "output_text.annotation.added",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
    ]
  `)
})
