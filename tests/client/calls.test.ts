import OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { LeashLLM } from '../../src/client.js'
import { useMock } from '../helpers/mock.js'
import { echo, leashed, messages, models, prompt, weather } from './client.js'

const mock = useMock()

describe.each(models)('with %s', (model) => {
  test('create() answers', async () => {
    const { choices, usage } = await leashed(mock).chat.completions.create({ model, messages })
    expect(choices[0]?.message.content).toBe(echo)
    expect(choices[0]?.finish_reason).toBe('stop')
    expect(usage?.total_tokens).toBeGreaterThan(0)
  })

  test('create() streams', async () => {
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).toBe(echo)
  })

  test('stream() gives its events and the whole answer', async () => {
    const stream = leashed(mock).chat.completions.stream({ model, messages })
    const deltas: string[] = []
    stream.on('content', (delta) => deltas.push(delta))
    expect(await stream.finalContent()).toBe(echo)
    expect(deltas.length).toBeGreaterThan(1)
    expect(deltas.join('')).toBe(echo)
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop')
  })

  test('a stream split in two by tee() is the same twice', async () => {
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    const texts = stream.tee().map(async (half) => {
      let text = ''
      for await (const { choices } of half) text += choices[0]?.delta.content ?? ''
      return text
    })
    expect(await Promise.all(texts)).toEqual([echo, echo])
  })

  test('a stream goes on as a ReadableStream of lines', async () => {
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    const lines = (await new Response(stream.toReadableStream()).text()).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).choices[0]?.delta.content ?? '').join('')).toBe(echo)
  })

  test('parse() reads the answer into the given shape', async () => {
    const shape = z.object({ city: z.string(), degrees: z.number() })
    const answer = await leashed(mock).chat.completions.parse({
      model,
      messages,
      response_format: zodResponseFormat(shape, 'weather'),
    })
    expect(answer.choices[0]?.message.parsed).toEqual({ city: expect.any(String), degrees: expect.any(Number) })
  })

  test.each([false, true])('runTools() calls the functions and comes back with the last answer (stream: %s)', async (stream) => {
    const asked: unknown[] = []
    const tool = {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        description: 'The weather in a city.',
        parameters: weather,
        parse: JSON.parse,
        function: (args: unknown) => {
          asked.push(args)
          return '24 degrees'
        },
      },
    }
    const { completions } = leashed(mock).chat
    const runner = stream
      ? completions.runTools({ model, messages, tools: [tool], stream })
      : completions.runTools({ model, messages, tools: [tool] })
    expect(await runner.finalContent()).toContain('24 degrees')
    expect(asked).toEqual([{ city: expect.any(String) }])
    expect(mock.requests).toHaveLength(2)
  })

  test('the Responses API answers, streams and parses', async () => {
    const { responses } = leashed(mock)
    expect((await responses.create({ model, input: prompt })).output_text).toBe(echo)
    const stream = responses.stream({ model, input: prompt })
    expect((await stream.finalResponse()).output_text).toBe(echo)
    const text = { format: zodTextFormat(z.object({ city: z.string() }), 'place') }
    const parsed = await responses.parse({ model, input: prompt, text })
    expect(parsed.output_parsed).toEqual({ city: expect.any(String) })
  })
})

test('embeddings come from the vendor of the model, as numbers and as base64', async () => {
  const { embeddings } = leashed(mock)
  for (const model of ['text-embedding-3-small', 'gemini-embedding-001', 'bedrock/amazon.titan-embed-text-v2:0']) {
    const { data } = await embeddings.create({ model, input: prompt })
    const exact = await embeddings.create({ model, input: prompt, encoding_format: 'float' })
    expect(data[0]?.embedding.length).toBeGreaterThan(0)
    expect(data[0]?.embedding).toEqual(exact.data[0]?.embedding.map((number) => expect.closeTo(number, 5)))
  }
})

test('a client on a leash is an OpenAI client, and of its own class', () => {
  const client = leashed(mock)
  expect(client).toBeInstanceOf(OpenAI)
  expect(client).toBeInstanceOf(LeashLLM)
  expect(client.chat.completions).toBeInstanceOf(OpenAI.Chat.Completions)
  expect(client.constructor.name).toBe('LeashLLM')
})

test('the tests run on the major of openai that their project names', async ({ task }) => {
  await leashed(mock).chat.completions.create({ model: 'gpt-4o-mini', messages })
  const major = task.file.projectName === 'openai 6' ? '6' : '7'
  expect(mock.requests[0]?.headers['x-stainless-package-version']).toMatch(new RegExp(`^${major}\\.`))
})
