/** LangChain's newer events, of which LangGraph makes the messages of an agent whose every step is streamed. */
import { type AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { createReactAgent } from '@langchain/langgraph/prebuilt'
import { beforeAll, describe, expect, test } from 'vitest'
import { ChatLeash, type ChatLeashFields, reportIn } from '../../src/integrations/langchain.js'
import { createLeash, type Leash, type Middleware } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { tools } from './langchain-tools.js'

const mock = useMock()
let leash: Leash
beforeAll(() => {
  leash = createLeash({ providers: mockProviders(mock.url) })
})

const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash', 'us.amazon.nova-lite-v1:0']
const thinkers = ['claude-sonnet-5-5', 'gemini-2.5-flash']
const chat = (model: string, fields: Partial<ChatLeashFields> = {}) => new ChatLeash({ model, leash, ...fields })
const thinking = (model: string) => chat(model, { reasoning: 'low', maxTokens: 4000 })

async function worked(llm: ChatLeash, text: string): Promise<BaseMessage[]> {
  const agent = createReactAgent({ llm, tools })
  const run = await agent.streamEvents({ messages: [new HumanMessage(text)] }, { version: 'v3' })
  return (await run.output).messages
}

describe.each(models)('an agent over %s', (model) => {
  test('calls tools in parallel, and tells what that cost', async () => {
    const messages = await worked(chat(model), 'Both, in parallel.')
    expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'tool', 'tool', 'ai'])
    expect(messages.at(-1)?.text).toMatch(/24 degrees.*noon/)
    expect(mock.requests.map(({ stream }) => stream)).toEqual([true, true])
    for (const message of messages.filter(({ type }) => type === 'ai'))
      expect(reportIn(message)).toMatchObject({ attempts: [{ outcome: 'ok' }], ended: true })
    const reasons = messages.filter(({ type }) => type === 'ai').map((message) => message.response_metadata.finish_reason)
    expect(reasons).toEqual(['tool_use', 'stop'])
  })
})

test.each(thinkers)('%s gets its thoughts back with their signatures', async (model) => {
  const messages = await worked(thinking(model), 'Both, in parallel.')
  expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'tool', 'tool', 'ai'])
  expect(messages[1]?.contentBlocks[0]).toMatchObject({ type: 'reasoning', reasoning: 'I was asked: Both, in parallel.' })
  // The mock refuses a history whose signatures are not as it made them.
  expect(mock.requests.map(({ status }) => status)).toEqual([200, 200])
  expect(mock.requests[1]?.text).toMatch(/signature/i)
})

describe('a model', () => {
  const events = (...chunks: object[]) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''),
  })
  const around = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini' }
  const delta = (said: object, finish_reason: string | null = null) => ({
    ...around,
    choices: [{ index: 0, delta: said, finish_reason }],
  })

  test('that says something before it calls a tool has done both', async () => {
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Lisbon"}' } }
    mock.script({
      status: 200,
      ...events(
        delta({ content: 'I shall ' }),
        delta({ content: 'look.' }),
        delta({ tool_calls: [call] }),
        delta({}, 'tool_calls'),
      ),
    })
    const message: AIMessage = await chat('gpt-4o-mini').streamEvents('Weather?', { tools })
    expect(message.text).toBe('I shall look.')
    expect(message.tool_calls).toMatchObject([{ id: 'call_1', name: 'get_weather', args: { city: 'Lisbon' } }])
  })

  test('that refuses has a block for it', async () => {
    mock.script({ status: 200, ...events(delta({ refusal: 'I cannot ' }), delta({ refusal: 'help.' }), delta({}, 'stop')) })
    const message: AIMessage = await chat('gpt-4o-mini').streamEvents('Break in.')
    expect(message.contentBlocks).toMatchObject([{ type: 'refusal', refusal: 'I cannot help.' }])
  })

  test('tells where it has an answer from', async () => {
    const source = { url: 'https://acme.example/', title: 'Acme', start_index: 0, end_index: 4 }
    const annotations = [{ type: 'url_citation', url_citation: source }]
    mock.script({ status: 200, ...events(delta({ content: 'Acme.' }), delta({ annotations }, 'stop')) })
    const message: AIMessage = await chat('gpt-4o-mini').streamEvents('Who?')
    const told = { type: 'citation', url: 'https://acme.example/', title: 'Acme', startIndex: 0, endIndex: 4 }
    expect(message.contentBlocks).toMatchObject([{ type: 'text', text: 'Acme.', annotations: [told] }])
  })

  test('whose answer is cut short says so', async () => {
    mock.script({ status: 200, ...events(delta({ content: 'Once upon' }, 'length')) })
    const message: AIMessage = await chat('gpt-4o-mini').streamEvents('A story.')
    expect(message.response_metadata).toMatchObject({ finish_reason: 'length', model_name: 'gpt-4o-mini' })
  })

  test('may be answered for by a layer, whole', async () => {
    const call = { type: 'tool-call', toolCallId: 'call_1', toolName: 'get_weather', input: '{"city":"Lisbon"}' }
    const content = [{ type: 'text', text: 'I shall look.' }, call]
    const body = { content, finishReason: { unified: 'tool-calls', raw: 'tool-calls' }, usage: {}, warnings: [] }
    const whole: Middleware = () => async () => ({ stream: false, status: 200, headers: new Headers(), body })
    const model = chat('gpt-4o-mini', { leash: createLeash({ use: [whole] }) })
    const message: AIMessage = await model.streamEvents('Weather?', { tools })
    expect(message.text).toBe('I shall look.')
    expect(message.tool_calls).toMatchObject([{ id: 'call_1', name: 'get_weather', args: { city: 'Lisbon' } }])
  })

  test('fails where its stream does', async () => {
    mock.script({ endWithoutTerminal: true })
    await expect(chat('claude-haiku-4-5').streamEvents('one two three').output).rejects.toMatchObject({
      code: 'stream_truncated',
    })
  })
})

test('what a stream has told goes on with another vendor', async () => {
  const said: AIMessage = await thinking('claude-sonnet-5-5').streamEvents('Weather?', { tools })
  const results = (said.tool_calls ?? []).map(({ id = '' }) => new ToolMessage({ tool_call_id: id, content: '24 degrees' }))
  expect(results).toHaveLength(1)
  const answer = await chat('gpt-4o-mini')
    .bindTools(tools)
    .invoke([new HumanMessage('Weather?'), said, ...results])
  expect(answer.text).toContain('24 degrees')
})
