/** Names of tools that the target refuses: each caller's own SDK hears its own, and every vendor's mock checks those it is sent. */
import Anthropic from '@anthropic-ai/sdk'
import { type Content, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import type OpenAI from 'openai'
import { expect, test } from 'vitest'
import { createLeash, LeashLLM } from '../../src/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

const long = `${'plugin_server_'.repeat(6)}performance_analyze`
const longToo = `another_${long}`
/** Two that come to the same, one that is what they come to, one that begins with a digit, and two that end alike. */
const names = ['weather.get', 'weather/get', 'weather_get', '7zip', long, longToo]
const parameters = { type: 'object', properties: { id: { type: 'string' } } }
const ask = 'Look it up in parallel.'
const targets = ['anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash', 'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0']
const streamed = [false, true]

const cases = (models: readonly string[]) => models.flatMap((model) => streamed.map((stream) => ({ model, stream })))

/** What each request was sent, of tools and of all else that has a name. */
function sentNames(): string[][] {
  return mock.requests.map(({ text }) => [...text.matchAll(/"name":"([^"]+)"/g)].map(([, name = '']) => name))
}

test.each(cases(targets))(
  'a caller of Chat Completions keeps the names of its tools with $model, streamed: $stream',
  async ({ model, stream }) => {
    const client = new LeashLLM({ providers: mockProviders(mock.url), strict: true })
    const tools = names.map((name) => ({ type: 'function' as const, function: { name, parameters } }))
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: ask }]
    const send = () => {
      mock.script({ chunkBytes: stream ? 1 : 999 })
      if (!stream) return client.chat.completions.create({ model, messages, tools })
      return client.chat.completions.stream({ model, messages, tools }).finalChatCompletion()
    }
    const answer = await send()
    const [choice] = answer.choices
    const calls = choice?.message.tool_calls ?? []
    expect(calls.map((call) => call.type === 'function' && call.function.name)).toEqual(names)
    if (choice) messages.push(choice.message)
    for (const { id } of calls) messages.push({ role: 'tool', tool_call_id: id, content: `seen ${id}` })
    expect((await send()).choices[0]?.message.content).toContain('seen')
    const [first = [], second = []] = sentNames()
    expect(new Set(first).size).toBe(names.length)
    // The same in the next turn, and in its history.
    expect(new Set(second)).toEqual(new Set(first))
  },
)

test.each(cases(['openai/gpt-4o-mini', 'google/gemini-2.5-flash']))(
  'a caller of Messages keeps them with $model, streamed: $stream',
  async ({ model, stream }) => {
    const leash = createLeash({ providers: mockProviders(mock.url) })
    const client = leash.wrap(new Anthropic({ apiKey: 'own', baseURL: mock.url, logLevel: 'off' }))
    // Those that Anthropic itself takes.
    const own = ['7zip', 'weather_get', long, longToo]
    const tools = own.map((name) => ({ name, input_schema: { type: 'object' as const } }))
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: ask }]
    const send = () => {
      mock.script({ chunkBytes: stream ? 1 : 999 })
      const body = { model, max_tokens: 999, messages, tools }
      return stream ? client.messages.stream(body).finalMessage() : client.messages.create(body)
    }
    const { content } = await send()
    const calls = content.filter((block) => block.type === 'tool_use')
    expect(calls.map(({ name }) => name)).toEqual(own)
    messages.push({ role: 'assistant', content })
    messages.push({ role: 'user', content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' })) })
    const told = await send()
    expect(told.content[0]).toMatchObject({ text: expect.stringContaining('seen') })
  },
)

test.each(cases(['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5']))(
  'a caller of Gemini keeps them with $model, streamed: $stream',
  async ({ model, stream }) => {
    const leash = createLeash({ providers: mockProviders(mock.url) })
    const client = leash.wrap(new GoogleGenAI({ apiKey: 'own', httpOptions: { baseUrl: mock.url } }))
    const own = ['weather.get', 'weather:get', 'weather_get', long]
    const contents: Content[] = [{ role: 'user', parts: [{ text: ask }] }]
    const send = async () => {
      mock.script({ chunkBytes: stream ? 1 : 999 })
      const config = { tools: [{ functionDeclarations: own.map((name) => ({ name, parametersJsonSchema: parameters })) }] }
      const asked = { model, contents, config }
      if (!stream) return (await client.models.generateContent(asked)).candidates?.[0]?.content?.parts ?? []
      const parts = []
      for await (const chunk of await client.models.generateContentStream(asked))
        parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
      return parts
    }
    const parts = await send()
    const calls = parts.flatMap(({ functionCall }) => functionCall ?? [])
    expect(calls.map(({ name }) => name)).toEqual(own)
    contents.push({ role: 'model', parts })
    contents.push({
      role: 'user',
      parts: calls.map(({ id, name }) => ({
        functionResponse: { ...(id && { id }), name: name ?? '', response: { output: 'seen' } },
      })),
    })
    expect((await send()).map(({ text }) => text).join('')).toContain('seen')
  },
)

test('a chosen tool is chosen by the name that the target takes, and the report says so', async () => {
  const client = new LeashLLM({ providers: mockProviders(mock.url) })
  const answer = await client.chat.completions.create({
    model: 'anthropic/claude-haiku-4-5',
    messages: [{ role: 'user', content: 'Look' }],
    tools: ['other', 'weather.get'].map((name) => ({ type: 'function', function: { name, parameters } })),
    tool_choice: { type: 'function', function: { name: 'weather.get' } },
  })
  expect(mock.requests[0]?.body).toMatchObject({ tool_choice: { type: 'tool', name: 'weather_get' } })
  expect(answer.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'weather.get' } }])
  expect(answer.leash?.warnings).toEqual([
    {
      path: 'tools[1].function.name',
      action: 'approximated',
      why: 'the target takes no such name: "weather_get" is sent in its place',
    },
  ])
})

test('a call of before has such a name too, though its tool is offered no more, and a file keeps its own', async () => {
  const client = new LeashLLM({ providers: mockProviders(mock.url) })
  const file = { filename: 'report 1.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' }
  const call = { id: 'call_1', type: 'function' as const, function: { name: 'weather.get', arguments: '{}' } }
  const answer = await client.chat.completions.create({
    model: 'anthropic/claude-haiku-4-5',
    messages: [
      { role: 'user', content: [{ type: 'file', file }] },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'Sunny' },
    ],
  })
  // In the call, and in the tools: Anthropic takes no call of a tool that it is told nothing of.
  expect(sentNames()).toEqual([['weather_get', 'weather_get']])
  expect(mock.requests[0]?.text).toContain('"title":"report 1.pdf"')
  expect(answer.leash?.warnings?.map(({ path }) => path)).toEqual(['messages[1]', 'tools'])
})

test('allowed tools are told by the names that the target takes', async () => {
  const leash = createLeash({ providers: mockProviders(mock.url) })
  const client = leash.wrap(new GoogleGenAI({ apiKey: 'own', httpOptions: { baseUrl: mock.url } }))
  const answer = await client.models.generateContent({
    model: 'openai/gpt-4o-mini',
    contents: 'Look',
    config: {
      tools: [{ functionDeclarations: ['a.x', 'b.x', 'c.x'].map((name) => ({ name, parametersJsonSchema: parameters })) }],
      toolConfig: {
        functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['b.x', 'c.x'] },
      },
    },
  })
  expect(answer.functionCalls?.map(({ name }) => name)).toEqual(['b.x'])
})

test('names that the target takes are sent as they are', async () => {
  const client = new LeashLLM({ providers: mockProviders(mock.url) })
  await client.chat.completions.create({
    model: 'google/gemini-2.5-flash',
    messages: [{ role: 'user', content: 'Look' }],
    tools: [{ type: 'function', function: { name: 'weather.get', parameters } }],
  })
  expect(sentNames()).toEqual([['weather.get']])
})
