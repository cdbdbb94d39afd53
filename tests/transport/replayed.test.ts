/** Servers that answer whole, or with something else, where a stream was asked for in their own protocol. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type Report } from '../../src/leash.js'
import { useMock } from '../helpers/mock.js'
import { asked, prompt } from '../helpers/sdks.js'
import { failureOf, lane } from './lanes.js'

const mock = useMock()
const json = { 'content-type': 'application/json' }

const openai = (leash: Leash) => leash.wrap(new OpenAI({ apiKey: 'own', baseURL: `${mock.url}/v1` }))
const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"id":9007199254740993}' } }

const servers: readonly (readonly [string, object, (leash: Leash) => Promise<unknown>, object])[] = [
  [
    'Chat Completions',
    {
      id: 'chatcmpl-1',
      choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: 'Whole.', tool_calls: [call] } }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    },
    (leash) => openai(leash).chat.completions.stream({ model: 'gpt-4o-mini', messages: asked }).finalMessage(),
    { content: 'Whole.', tool_calls: [call] },
  ],
  [
    'Responses',
    {
      id: 'resp_1',
      status: 'completed',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Whole.', annotations: [] }] }],
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    },
    (leash) => openai(leash).responses.stream({ model: 'gpt-4o-mini', input: prompt }).finalResponse(),
    { output: [{ content: [{ text: 'Whole.' }] }] },
  ],
  [
    'Anthropic',
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Whole.' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 2 },
    },
    (leash) =>
      leash
        .wrap(new Anthropic({ apiKey: 'own', baseURL: mock.url }))
        .messages.stream({ model: 'claude-haiku-4-5', max_tokens: 9, messages: asked })
        .finalMessage(),
    { content: [{ type: 'text', text: 'Whole.' }] },
  ],
  [
    'Gemini',
    {
      candidates: [{ content: { role: 'model', parts: [{ text: 'Whole.' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    },
    async (leash) => {
      const google = leash.wrap(new GoogleGenAI({ apiKey: 'own', httpOptions: { baseUrl: mock.url } }))
      const pieces: string[] = []
      for await (const { text } of await google.models.generateContentStream({ model: 'gemini-2.5-flash', contents: prompt }))
        pieces.push(text ?? '')
      return { text: pieces.join('') }
    },
    { text: 'Whole.' },
  ],
]

test.each(servers)('a whole answer of %s is told as the stream that was asked for', async (_, body, ask, expected) => {
  const leash = createLeash({ retry: false })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  mock.script({ status: 200, headers: json, body })
  expect(await ask(leash)).toMatchObject(expected)
  expect(reports).toMatchObject([{ ended: true, usage: { input: 3, output: 2 }, attempts: [{ outcome: 'ok' }] }])
})

test('a whole answer to what goes on from an earlier one is told, and not refused', async () => {
  const [, [, body]] = servers as [unknown, (typeof servers)[number]]
  mock.script({ status: 200, headers: json, body })
  const stream = openai(createLeash({ retry: false })).responses.stream({
    model: 'gpt-4o-mini',
    input: prompt,
    previous_response_id: 'resp_0',
  })
  expect((await stream.finalResponse()).output_text).toBe('Whole.')
})

test('a whole call of a custom tool is told as that', async () => {
  const custom = { name: 'patch', input: '*** "Begin"' }
  const tool_calls = [{ id: 'call_1', type: 'custom', custom }]
  const message = { role: 'assistant', content: null, tool_calls }
  mock.script({ status: 200, headers: json, body: { id: 'c', choices: [{ index: 0, finish_reason: 'tool_calls', message }] } })
  const told = openai(createLeash({ retry: false })).chat.completions.stream({
    model: 'gpt-4o-mini',
    messages: asked,
    tools: [{ type: 'custom', custom: { name: 'patch' } }],
  })
  expect(await told.finalMessage()).toMatchObject({ tool_calls })
})

describe('where a stream was asked for', () => {
  test.each([
    ['other JSON', json, { message: 'Welcome.' }, 'upstream_malformed'],
    ['a list of JSON', json, [{ message: 'Welcome.' }], 'upstream_malformed'],
    ['a page of HTML', { 'content-type': 'text/html' }, '<html>Sign in</html>', 'stream_truncated'],
  ])('%s is a failure, and no stream of nothing', async (_, headers, body, code) => {
    mock.script({ status: 200, headers, body })
    expect(await failureOf(lane(mock, 'gpt-4o-mini').ask({ stream: true }))).toBe(code)
  })

  test('events that a proxy hands on as plain text are read as they come', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const { ask } = lane(mock, 'gpt-4o-mini', {
      fetch: async (url, init) => new Response((await fetch(url, init)).body, { headers: { 'content-type': 'text/plain' } }),
    })
    const reader = (await ask({ stream: true })).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('data: {')
    await reader?.cancel()
  })
})
