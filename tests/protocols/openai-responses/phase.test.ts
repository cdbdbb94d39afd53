/** What a message of OpenAI's is to its turn, told again in the next turn by callers who have no word for it. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, openaiCompatible } from '../../../src/leash.js'
import { decode, encode, streamOf } from './helpers.js'

const model = 'codex'
const said = (text: string, phase: string) => ({
  type: 'message',
  id: `msg_${phase}`,
  role: 'assistant',
  status: 'completed',
  phase,
  content: [{ type: 'output_text', text, annotations: [] }],
})
const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
const response = { id: 'resp_1', object: 'response', created_at: 1, model, status: 'completed', usage }
const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look', arguments: '{}', status: 'completed' }
const output = [said('Let me look.', 'commentary'), call]

/** As the API streams it: the item is announced with its phase. */
const stream = streamOf([
  ['response.created', { response: { ...response, status: 'in_progress', output: [] } }],
  ['response.output_item.added', { output_index: 0, item: { ...output[0], content: [], status: 'in_progress' } }],
  ['response.output_text.delta', { output_index: 0, content_index: 0, item_id: 'msg_commentary', delta: 'Let me look.' }],
  ['response.content_part.done', { output_index: 0, content_index: 0, part: { type: 'output_text', text: 'Let me look.' } }],
  ['response.output_item.done', { output_index: 0, item: output[0] }],
  ['response.output_item.added', { output_index: 1, item: call }],
  ['response.output_item.done', { output_index: 1, item: call }],
  ['response.completed', { response: { ...response, output } }],
])

const question = { role: 'user', content: 'Look.' } as const
const result = 'Nothing.'

interface Caller {
  readonly sdk: string
  /** Asks, and asks again with the answer and the tool's result in the history. */
  talk(leash: Leash, streamed: boolean): Promise<unknown>
}

const callers: readonly Caller[] = [
  {
    sdk: 'openai',
    async talk(leash, streamed) {
      const { completions } = leash.wrap(new OpenAI({ apiKey: 'any' })).chat
      const tools = [{ type: 'function', function: { name: 'look' } }] as const
      const asked = { model, tools: [...tools], messages: [question] }
      const { choices } = streamed ? await completions.stream(asked).finalChatCompletion() : await completions.create(asked)
      const message = choices[0]?.message ?? expect.fail()
      await completions.create({
        ...asked,
        messages: [question, message, { role: 'tool', tool_call_id: 'call_1', content: result }],
      })
    },
  },
  {
    sdk: '@anthropic-ai/sdk',
    async talk(leash, streamed) {
      const { messages } = leash.wrap(new Anthropic({ apiKey: 'any' }))
      const tools: Anthropic.Tool[] = [{ name: 'look', input_schema: { type: 'object' } }]
      const asked = { model, max_tokens: 99, tools, messages: [question] }
      const { content } = streamed ? await messages.stream(asked).finalMessage() : await messages.create(asked)
      const told = { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 'call_1', content: result }] }
      await messages.create({ ...asked, messages: [question, { role: 'assistant', content }, told] })
    },
  },
  {
    sdk: '@google/genai',
    async talk(leash, streamed) {
      const { models } = leash.wrap(new GoogleGenAI({ apiKey: 'any' }))
      const config = { tools: [{ functionDeclarations: [{ name: 'look' }] }] }
      const asked = { model, config, contents: [{ role: 'user', parts: [{ text: 'Look.' }] }] }
      const parts = []
      if (streamed) {
        for await (const chunk of await models.generateContentStream(asked)) {
          parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
        }
      } else parts.push(...((await models.generateContent(asked)).candidates?.[0]?.content?.parts ?? []))
      const told = { role: 'user', parts: [{ functionResponse: { name: 'look', response: { result } } }] }
      await models.generateContent({ ...asked, contents: [...asked.contents, { role: 'model', parts }, told] })
    },
  },
]

describe.each(callers)('a caller with $sdk', ({ talk }) => {
  test.each([false, true])('tells the phase of a message again (stream: %s)', async (streamed) => {
    const asked: { stream?: boolean; input: object[] }[] = []
    const leash = createLeash({
      providers: {
        acme: openaiCompatible({ name: 'acme', baseURL: 'http://acme.test/v1', keyless: true, protocols: ['openai-responses'] }),
      },
      routes: { [model]: `acme/${model}` },
      fetch: async (_, init) => {
        const body = JSON.parse(String(init?.body))
        asked.push(body)
        if (!body.stream) return Response.json({ ...response, output })
        return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    await talk(leash, streamed)
    await leash.close()
    const messages = asked[1]?.input.filter((item) => 'role' in item && item.role === 'assistant')
    expect(messages).toEqual([
      { type: 'message', role: 'assistant', phase: 'commentary', content: [{ type: 'output_text', text: 'Let me look.' }] },
    ])
  })
})

test('messages of several phases stay apart, and a text of no phase from both', () => {
  const bare = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hm.' }] }
  const { request, lost } = decode({ input: [said('One.', 'commentary'), said('Two.', 'final_answer'), bare] })
  expect(lost).toEqual([])
  const { body, paths } = encode(request)
  expect(paths).toEqual([])
  expect(body.input).toMatchObject([{ phase: 'commentary' }, { phase: 'final_answer' }, { content: [{ text: 'Hm.' }] }])
  expect(body.input).toHaveLength(3)
})
