/** Agents of LangGraph with a model on a leash, over real sockets. */
import { BaseCallbackHandler } from '@langchain/core/callbacks/base'
import { type BaseMessage, HumanMessage } from '@langchain/core/messages'
import type { LLMResult } from '@langchain/core/outputs'
import { END, MemorySaver, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { createReactAgent, ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ChatLeash, reportIn } from '../../src/integrations/langchain.js'
import { createLeash, type Leash, LeashError } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { tools, weather } from './langchain-tools.js'

const mock = useMock()
let leash: Leash
beforeAll(() => {
  leash = createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 } })
})

const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash', 'us.amazon.nova-lite-v1:0']
const chat = (model: string) => new ChatLeash({ model, leash })
const ask = (text: string) => ({ messages: [new HumanMessage(text)] })
const kinds = (messages: BaseMessage[]) => messages.map(({ type }) => type)

describe.each(models)('an agent over %s', (model) => {
  test('calls tools until it knows enough', async () => {
    const { messages } = await createReactAgent({ llm: chat(model), tools }).invoke(ask('Weather?'))
    expect(kinds(messages)).toEqual(['human', 'ai', 'tool', 'ai'])
    expect(messages.at(-1)?.text).toContain('24 degrees')
    for (const message of messages.filter(({ type }) => type === 'ai'))
      expect(reportIn(message)).toMatchObject({ attempts: [{ outcome: 'ok' }] })
    expect(mock.requests).toHaveLength(2)
  })

  test('calls them in parallel', async () => {
    const { messages } = await createReactAgent({ llm: chat(model), tools }).invoke(ask('Both, in parallel.'))
    expect(kinds(messages)).toEqual(['human', 'ai', 'tool', 'tool', 'ai'])
    expect(messages.at(-1)?.text).toMatch(/24 degrees.*noon/)
  })

  test('streams its words as they come, and its steps', async () => {
    const agent = createReactAgent({ llm: chat(model), tools })
    const pieces: string[] = []
    const steps: string[] = []
    for await (const [mode, told] of await agent.stream(ask('Weather?'), { streamMode: ['messages', 'updates'] })) {
      if (mode === 'messages') {
        const [message] = told
        if (message.type === 'ai' && message.text) pieces.push(message.text)
      } else steps.push(...Object.keys(told))
    }
    expect(steps).toEqual(['agent', 'tools', 'agent'])
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.join('')).toContain('24 degrees')
    expect(mock.requests.map(({ stream }) => stream)).toEqual([true, true])
  })
})

describe.each(['claude-sonnet-5-5', 'gemini-2.5-flash'])('an agent that thinks with %s', (model) => {
  test('remembers its thoughts between turns, byte for byte', async () => {
    const llm = new ChatLeash({ model, leash, reasoning: 'low', maxTokens: 4000 })
    const agent = createReactAgent({ llm, tools, checkpointer: new MemorySaver() })
    const thread = { configurable: { thread_id: '1' } }
    await agent.invoke(ask('Weather?'), thread)
    const { messages } = await agent.invoke(ask('And the time?'), thread)
    expect(messages.length).toBeGreaterThan(5)
    expect(mock.requests.every(({ status }) => status === 200)).toBe(true)
    expect(mock.requests.at(-1)?.text).toMatch(/signature/i)
  })
})

test('an agent whose model is not to stream tells of whole messages, calls of tools among them', async () => {
  const agent = createReactAgent({
    llm: new ChatLeash({ model: 'gpt-4o-mini', leash, disableStreaming: true }),
    tools: [weather],
  })
  const told: unknown[] = []
  for await (const [message] of await agent.stream(ask('Weather?'), { streamMode: 'messages' })) told.push(message)
  expect(told).toMatchObject([
    { type: 'ai', content: '', tool_calls: [{ name: 'get_weather', args: { city: expect.any(String) } }] },
    { type: 'tool' },
    { type: 'ai', content: expect.stringContaining('24 degrees') },
  ])
  expect(mock.requests.map(({ stream }) => stream)).toEqual([false, false])
})

test('an agent gives its answer in the form that is asked for', async () => {
  const responseFormat = z.object({ city: z.string(), degrees: z.number() })
  const agent = createReactAgent({ llm: chat('gpt-4o-mini'), tools, responseFormat })
  const { structuredResponse } = await agent.invoke(ask('Weather?'))
  expect(structuredResponse).toEqual({ city: expect.any(String), degrees: expect.any(Number) })
})

test('an agent moves to another vendor in the middle of its work', async () => {
  const moving = createLeash({ providers: mockProviders(mock.url), fallback: ['gemini-2.5-flash'], retry: false })
  mock.script({ when: ({ model, text }) => model === 'claude-haiku-4-5' && text.includes('24 degrees'), status: 529 })
  const agent = createReactAgent({ llm: new ChatLeash({ model: 'claude-haiku-4-5', leash: moving }), tools })
  const { messages } = await agent.invoke(ask('Weather?'))
  expect(messages.at(-1)?.text).toContain('24 degrees')
  const answers = messages.filter(({ type }) => type === 'ai').map((message) => reportIn(message)?.provider)
  expect(answers).toEqual(['anthropic', 'google'])
})

test('a graph of one’s own has its model chosen at each step', async () => {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('ask', async ({ messages }) => {
      const last = messages.at(-1)
      const model = chat(last?.type === 'tool' ? 'claude-haiku-4-5' : 'gpt-4o-mini').bindTools(tools)
      return { messages: [await model.invoke(messages)] }
    })
    .addNode('tools', new ToolNode(tools))
    .addEdge(START, 'ask')
    .addConditionalEdges('ask', toolsCondition, { tools: 'tools', [END]: END })
    .addEdge('tools', 'ask')
    .compile()
  const { messages } = await graph.invoke(ask('Weather?'))
  expect(messages.at(-1)?.text).toContain('24 degrees')
  expect(mock.requests.map(({ protocol }) => protocol)).toEqual(['openai-chat', 'anthropic-messages'])
})

test('an agent’s callbacks hear of each call to its model, with its tokens', async () => {
  class Seen extends BaseCallbackHandler {
    readonly name = 'seen'
    readonly totals: unknown[] = []
    override handleLLMEnd({ llmOutput }: LLMResult) {
      this.totals.push(llmOutput?.tokenUsage)
    }
  }
  const seen = new Seen()
  await createReactAgent({ llm: chat('gemini-2.5-flash'), tools }).invoke(ask('Weather?'), { callbacks: [seen] })
  expect(seen.totals).toEqual([
    expect.objectContaining({ totalTokens: expect.any(Number) }),
    expect.objectContaining({ totalTokens: expect.any(Number) }),
  ])
})

test('a call that fails ends the agent with the leash’s error', async () => {
  mock.script({ status: 401 })
  const failure = await createReactAgent({ llm: chat('gpt-4o-mini'), tools })
    .invoke(ask('Weather?'))
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(LeashError)
  expect(failure).toMatchObject({ code: 'authentication_failed', lc_error_code: 'MODEL_AUTHENTICATION' })
  expect(mock.requests).toHaveLength(1)
})

test('an agent that is stopped stops its vendor', async () => {
  mock.script({ hang: 'headers' })
  const stop = new AbortController()
  const ended = createReactAgent({ llm: chat('claude-haiku-4-5'), tools })
    .invoke(ask('Weather?'), { signal: stop.signal })
    .catch((error: unknown) => error)
  await until(() => mock.requests.length === 1)
  stop.abort()
  expect(await ended).toBeInstanceOf(Error)
  await until(() => mock.requests[0]?.outcome === 'aborted')
})
