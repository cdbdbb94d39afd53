/** Tools of the AI SDK in all their ways, over real sockets, with a model of every vendor. */
import { generateText, isStepCount, type ModelMessage, streamText, tool } from 'ai'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createLeashProvider, type LeashProvider } from '../../src/integrations/ai-sdk.js'
import { useMock } from '../helpers/mock.js'
import { everyModel, leashAt, pixel, prompt } from './ai-sdk-models.js'

const mock = useMock()
let leash: LeashProvider
beforeAll(() => {
  leash = createLeashProvider(leashAt(mock.url))
})

const inputSchema = z.object({ city: z.string() })
const stopWhen = isStepCount(3)
const twoTools = {
  one: tool({ inputSchema, execute: async () => 'sun' }),
  two: tool({ inputSchema, execute: async () => 'rain' }),
}

describe.each(everyModel)('over %s', (_, name) => {
  const model = () => leash(name)

  test('a tool that throws is told as one that failed', async () => {
    const broken = tool({
      inputSchema,
      execute: async (): Promise<string> => {
        throw new Error('No such city.')
      },
    })
    const { text, steps } = await generateText({ model: model(), prompt, tools: { broken }, stopWhen })
    expect(steps[0]?.content.map(({ type }) => type)).toContain('tool-error')
    expect(text).toContain('No such city.')
  })

  test('a result may be data, and may be pictures', async () => {
    const look = tool({
      inputSchema,
      execute: async () => ({ degrees: 24 }),
      toModelOutput: ({ output }) => ({
        type: 'content',
        value: [
          { type: 'text', text: `It is ${output.degrees} degrees.` },
          { type: 'file', data: { type: 'data', data: Buffer.from(pixel).toString('base64') }, mediaType: 'image/png' },
        ],
      }),
    })
    const { text } = await generateText({ model: model(), prompt, tools: { look }, stopWhen })
    expect(text).toContain('It is 24 degrees.')
    expect(mock.requests[1]?.text).toContain(Buffer.from(pixel).toString('base64'))
    mock.reset()
    const data = tool({ inputSchema, execute: async () => ({ degrees: [24, 25] }) })
    expect((await generateText({ model: model(), prompt, tools: { data }, stopWhen })).text).toContain('[24,25]')
  })

  test('a tool that must be approved waits, and runs or not as is decided', async () => {
    const ran: string[] = []
    const pay = tool({
      inputSchema,
      needsApproval: true,
      execute: async ({ city }) => {
        ran.push(city)
        return 'It is paid.'
      },
    })
    for (const approved of [true, false]) {
      const messages: ModelMessage[] = [{ role: 'user', content: prompt }]
      const first = await generateText({ model: model(), messages, tools: { pay }, stopWhen })
      const request = first.content.find((part) => part.type === 'tool-approval-request')
      expect(request).toBeDefined()
      messages.push(...first.response.messages, {
        role: 'tool',
        content: [
          { type: 'tool-approval-response', approvalId: request?.approvalId ?? '', approved, reason: 'My accountant says so.' },
        ],
      })
      const { text } = await generateText({ model: model(), messages, tools: { pay }, stopWhen })
      expect(text).toContain(approved ? 'It is paid.' : 'My accountant says so.')
    }
    expect(ran).toHaveLength(1)
  })

  test('a choice of tools is kept to', async () => {
    const named = await generateText({ model: model(), prompt, tools: twoTools, toolChoice: { type: 'tool', toolName: 'two' } })
    expect(named.toolCalls.map(({ toolName }) => toolName)).toEqual(['two'])
    const none = await generateText({ model: model(), prompt, tools: twoTools, toolChoice: 'none' })
    expect([none.toolCalls, none.text]).toEqual([[], `Echo: ${prompt}`])
    const required = await generateText({ model: model(), prompt, tools: twoTools, toolChoice: 'required' })
    expect(required.toolCalls).toHaveLength(1)
    const active = await generateText({ model: model(), prompt, tools: twoTools, activeTools: ['two'] })
    expect(active.toolCalls.map(({ toolName }) => toolName)).toEqual(['two'])
  })

  test('a tool without `execute` ends the loop with its call, and is answered later', async () => {
    const ask = tool({ inputSchema, outputSchema: z.string() })
    const first = await generateText({ model: model(), prompt, tools: { ask }, stopWhen })
    const [call] = first.toolCalls
    expect(first.finishReason).toBe('tool-calls')
    expect(call).toMatchObject({ toolName: 'ask', input: { city: expect.any(String) } })
    const { text } = await generateText({
      model: model(),
      tools: { ask },
      messages: [
        { role: 'user', content: prompt },
        ...first.response.messages,
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: call?.toolCallId ?? '',
              toolName: 'ask',
              output: { type: 'text', value: 'Lisbon' },
            },
          ],
        },
      ],
    })
    expect(text).toContain('Lisbon')
  })

  test('a stream tells of a call as its input grows', async () => {
    let begun = 0
    let grown = ''
    const grow = tool({
      inputSchema,
      onInputStart: () => void begun++,
      onInputDelta: ({ inputTextDelta }) => {
        grown += inputTextDelta
      },
      execute: async () => 'sun',
    })
    const result = streamText({ model: model(), prompt, tools: { grow } })
    const types: string[] = []
    for await (const { type } of result.stream) types.push(type)
    expect(types.filter((type) => /^tool-/.test(type))).toEqual([
      'tool-input-start',
      ...Array(types.filter((type) => type === 'tool-input-delta').length).fill('tool-input-delta'),
      'tool-input-end',
      'tool-call',
      'tool-result',
    ])
    expect(begun).toBe(1)
    expect(JSON.parse(grown)).toEqual((await result.toolCalls)[0]?.input)
  })

  test('a tool that takes nothing is called with nothing', async () => {
    const seen: unknown[] = []
    const now = tool({
      inputSchema: z.object({}),
      execute: async (input) => {
        seen.push(input)
        return 'noon'
      },
    })
    const { text } = await generateText({ model: model(), prompt, tools: { now }, stopWhen })
    expect([seen, text]).toEqual([[{}], expect.stringContaining('noon')])
  })
})
