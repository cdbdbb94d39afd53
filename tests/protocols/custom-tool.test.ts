/** OpenAI's custom tools before vendors that have none. */
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { ChatRequest } from '../../src/core/message.js'
import { createLeash } from '../../src/leash.js'
import { argumentsOf, InputText, inputIn } from '../../src/protocols/custom-tool.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()
const name = 'apply_patch'
const description = 'Edits files.'
const grammar = { syntax: 'lark' as const, definition: 'start: "***"' }
const chatTool: OpenAI.ChatCompletionTool = {
  type: 'custom',
  custom: { name, description, format: { type: 'grammar', grammar } },
}
const responsesTool: OpenAI.Responses.CustomTool = { type: 'custom', name, description, format: { type: 'grammar', ...grammar } }
const asked = [{ role: 'user' as const, content: 'Weather, please.' }]
/** What the mocks call a tool with. */
const input = 'sample input'

describe('the text in arguments', () => {
  test('is the same however it is escaped and cut', () => {
    const escaped = (text: string) => text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const unit = fc.constantFrom('a', ' ', '"', '\\', '/', 'u', '\n', '\t', '\u0001', 'é', '\u2028', '{', '}', '😀')
    const written = fc
      .string({ unit, maxLength: 40 })
      .chain((text) =>
        fc.constantFrom(
          { text, given: argumentsOf(text) },
          { text, given: ` { "input" : "${escaped(text)}" }\n` },
          { text, given: JSON.stringify({ input: text, why: 'so' }) },
          { text, given: JSON.stringify({ why: 'so', input: text }) },
        ),
      )
    fc.assert(
      fc.property(written, fc.integer({ min: 1, max: 9 }), ({ text, given }, size) => {
        const piece = new InputText()
        let told = ''
        for (let at = 0; at < given.length; at += size) told += piece.push(given.slice(at, at + size))
        expect(told + piece.end()).toBe(text)
        expect(piece.end()).toBe('')
      }),
    )
  })

  test('comes as soon as it is known', () => {
    const text = new InputText()
    expect(['{"inp', 'ut": "one', ' t\\', 'nwo\\u00', 'e9', '"}'].map((delta) => text.push(delta))).toEqual([
      '',
      'one',
      ' t',
      '\nwo',
      'é',
      '',
    ])
  })

  test.each([
    ['{}', ''],
    ['', ''],
    ['{"patch":"x"}', '{"patch":"x"}'],
    ['*** Begin', '*** Begin'],
    ['{"input":"cut of', 'cut of'],
    ['{"input":"', ''],
    ['{"input":"two\nlines"}', 'two\nlines'],
  ])('of a model that has not kept to them (%s) is what there is', (given, expected) => {
    expect(inputIn(given)).toBe(expected)
  })
})

describe.each(['claude-haiku-4-5', 'gemini-2.5-flash', 'bedrock/amazon.nova-pro-v1:0'])('%s', (model) => {
  const open = () =>
    createLeash({ providers: mockProviders(mock.url), strict: true }).wrap(
      new OpenAI({ apiKey: 'own', baseURL: `${mock.url}/v1` }),
    )

  test('calls a custom tool of Chat Completions with its text, whole and streamed, and hears the result', async () => {
    const client = open()
    const choice = { type: 'custom' as const, custom: { name } }
    const { choices } = await client.chat.completions.create({ model, messages: asked, tools: [chatTool], tool_choice: choice })
    const called = { type: 'custom', custom: { name, input } }
    expect(choices).toMatchObject([{ finish_reason: 'tool_calls', message: { tool_calls: [called] } }])
    const streamed = client.chat.completions.stream({ model, messages: asked, tools: [chatTool] })
    const message = await streamed.finalMessage()
    expect(message.tool_calls).toMatchObject([called])
    const result = { role: 'tool' as const, tool_call_id: message.tool_calls?.[0]?.id ?? '', content: 'Done.' }
    const next = await client.chat.completions.create({ model, messages: [...asked, message, result], tools: [chatTool] })
    expect(next.choices[0]?.message.content).toContain('Done.')
  })

  test('calls a custom tool of Responses with its text, whole and streamed, and hears the result', async () => {
    const client = open()
    const ask = { model, input: asked, tools: [responsesTool] }
    const whole = await client.responses.create({ ...ask, tool_choice: { type: 'custom', name } })
    const called = { type: 'custom_tool_call', status: 'completed', name, input }
    expect(whole).toMatchObject({ output: [called], tools: [responsesTool], tool_choice: { type: 'custom', name } })
    const stream = client.responses.stream(ask)
    let told = ''
    for await (const event of stream) if (event.type === 'response.custom_tool_call_input.delta') told += event.delta
    const { output } = await stream.finalResponse()
    expect([told, output]).toMatchObject([input, [called]])
    const call_id = output[0]?.type === 'custom_tool_call' ? output[0].call_id : ''
    const result = { type: 'custom_tool_call_output' as const, call_id, output: 'Done.' }
    const next = await client.responses.create({
      ...ask,
      input: [...asked, ...(output as OpenAI.Responses.ResponseInputItem[]), result],
    })
    expect(next.output_text).toContain('Done.')
  })
})

describe('a custom tool', () => {
  const decoded = (
    downstream: typeof openaiChat.downstream,
    body: Parameters<NonNullable<typeof downstream>['decodeRequest']>[0],
  ) => {
    const losses: string[] = []
    const request = downstream?.decodeRequest(body, (path, action) => losses.push(`${path} ${action}`))
    return { request, losses }
  }

  test('is offered as a function of one text, with its grammar in words', () => {
    const chat = decoded(openaiChat.downstream, { model: 'm', messages: asked, tools: [{ ...chatTool }] } as never)
    const responses = decoded(openaiResponses.downstream, { model: 'm', input: 'x', tools: [{ ...responsesTool }] } as never)
    for (const { request, losses } of [chat, responses]) {
      expect(losses).toEqual(['tools[0] approximated'])
      expect(request?.tools).toMatchObject([{ name, description, parameters: { required: ['input'] } }])
      expect(JSON.stringify(request?.tools?.[0]?.parameters)).toContain(JSON.stringify(grammar.definition).slice(1, -1))
    }
  })

  test('is one of the tools that are allowed', () => {
    const allowed: ChatRequest['toolChoice'] = { type: 'allowed', mode: 'auto', names: [name] }
    const chat = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'custom', custom: { name } }] } }
    const responses = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'custom', name }] }
    const asChat = { model: 'm', messages: asked, tools: [chatTool], tool_choice: chat }
    const asResponses = { model: 'm', input: 'x', tools: [responsesTool], tool_choice: responses }
    expect(decoded(openaiChat.downstream, asChat as never).request?.toolChoice).toEqual(allowed)
    expect(decoded(openaiResponses.downstream, asResponses as never).request?.toolChoice).toEqual(allowed)
  })
})
