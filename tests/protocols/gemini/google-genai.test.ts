/** Google's own SDK in front of our downstream half, over a real socket. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError, FinishReason, FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel, Type } from '@google/genai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isLeashError, LeashError } from '../../../src/core/errors.js'
import { replay } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, ChatResponse } from '../../../src/core/message.js'
import { noUsage } from '../../../src/core/usage.js'
import { frameSse } from '../../../src/protocols/framing/sse.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { encode } from './support.js'

const { downstream } = gemini
if (!downstream) throw new Error('no downstream')

/** What the server answers next, and what it was asked. */
let answers: (ChatResponse | LeashError)[] = []
let failAfterStart: LeashError | undefined
let asked: { model: string; stream: boolean; request: ChatRequest }[] = []

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let text = ''
  for await (const piece of incoming) text += piece
  const body = JSON.parse(text) as JsonObject
  const call = gemini.match(new URL(incoming.url ?? '', 'http://x').pathname, body)
  try {
    if (!call || !downstream) throw new LeashError('not_found', `No call at ${incoming.url}.`)
    const request = downstream.decodeRequest(body, () => {})
    asked.push({ ...call, request })
    const answer = answers.shift()
    if (!answer || isLeashError(answer)) throw answer ?? new LeashError('upstream_error', 'Nothing to answer.')
    if (!call.stream) {
      outgoing
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(downstream.encodeResponse(answer, request)))
      return
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    const encoder = downstream.encodeStream(request)
    for (const event of replay(answer)) {
      if (event.type === 'finish' && failAfterStart) {
        outgoing.end(encoder.fail(failAfterStart).map(frameSse).join(''))
        return
      }
      outgoing.write(encoder.push(event).map(frameSse).join(''))
    }
    outgoing.end()
  } catch (error) {
    if (!isLeashError(error)) throw error
    const { status, body } = gemini.encodeError(error)
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

const server = createServer((incoming, outgoing) => void serve(incoming, outgoing))
let ai: GoogleGenAI

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  ai = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: `http://127.0.0.1:${port}` } })
})
afterAll(() => new Promise((resolve) => server.close(resolve)))
beforeEach(() => {
  answers = []
  asked = []
  failAfterStart = undefined
})

const answer = (
  content: ChatResponse['choices'][number]['content'],
  over: Partial<ChatResponse['choices'][number]> = {},
): ChatResponse => ({
  id: 'r1',
  model: 'some-model',
  choices: [{ content, finishReason: 'stop', ...over }],
  usage: { ...noUsage, input: 5, cacheRead: 2, output: 3, reasoning: 1 },
})
const weather = {
  name: 'weather',
  description: 'Tells the weather.',
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
}

describe('generateContent', () => {
  it('sends settings that we read, and reads our answer', async () => {
    answers = [
      answer([
        { type: 'reasoning', text: 'Hm' },
        { type: 'text', text: 'Hi' },
      ]),
    ]
    const response = await ai.models.generateContent({
      model: 'gemini-2.5-flash',
      contents: 'Hello',
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        maxOutputTokens: 10,
        stopSequences: ['END'],
        seed: 1,
        thinkingConfig: { includeThoughts: true, thinkingBudget: 1000 },
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
      },
    })
    expect(asked).toEqual([
      {
        model: 'gemini-2.5-flash',
        stream: false,
        request: {
          messages: [
            { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
            { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
          ],
          temperature: 0.5,
          maxTokens: 10,
          stop: ['END'],
          seed: 1,
          reasoning: { budget: 1000, show: true },
          responseFormat: { type: 'json-schema', name: 'response', schema: { type: 'object' } },
        },
      },
    ])
    expect(response.text).toBe('Hi')
    expect(response.responseId).toBe('r1')
    expect(response.modelVersion).toBe('some-model')
    expect(response.candidates?.[0]?.finishReason).toBe(FinishReason.STOP)
    expect(response.candidates?.[0]?.content?.parts?.[0]).toEqual({ text: 'Hm', thought: true })
    expect(response.usageMetadata).toMatchObject({
      promptTokenCount: 7,
      cachedContentTokenCount: 2,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 1,
      totalTokenCount: 11,
    })
  })

  it('sends pictures and levels of thinking', async () => {
    answers = [answer([{ type: 'text', text: 'A cat' }])]
    await ai.models.generateContent({
      model: 'gemini-3-pro-preview',
      contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: 'What?' }] }],
      config: { thinkingConfig: { thinkingLevel: ThinkingLevel.LOW } },
    })
    expect(asked[0]?.request).toEqual({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
            { type: 'text', text: 'What?' },
          ],
        },
      ],
      reasoning: { effort: 'low' },
    })
  })

  it('sees a filtered answer as one', async () => {
    answers = [answer([], { finishReason: 'content-filter' })]
    const response = await ai.models.generateContent({ model: 'm', contents: 'x' })
    expect(response.text).toBeUndefined()
    expect(response.candidates?.[0]?.finishReason).toBe(FinishReason.SAFETY)
  })

  it('raises its own error for our failures', async () => {
    answers = [new LeashError('budget_exceeded', 'The budget is spent. Raise it.')]
    const failure = await ai.models.generateContent({ model: 'm', contents: 'x' }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({
      status: 402,
      message: expect.stringContaining('[budget_exceeded] The budget is spent. Raise it.'),
    })
  })
})

describe('a tool loop', () => {
  it('carries ids, arguments, results and a foreign signature through the SDK and back', async () => {
    answers = [
      answer(
        [
          { type: 'reasoning', text: 'Hm', signature: { format: 'anthropic-claude-v1', value: 'EpwB+/=' } },
          { type: 'tool-call', id: 'toolu_1', name: 'weather', arguments: '{"city":"Rome"}' },
          { type: 'tool-call', id: 'toolu_2', name: 'weather', arguments: '{}' },
        ],
        { finishReason: 'tool-calls' },
      ),
      answer([{ type: 'text', text: 'Sunny' }]),
    ]
    const config = {
      tools: [{ functionDeclarations: [weather] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['weather'] } },
    }
    const first = await ai.models.generateContent({ model: 'm', contents: 'Weather?', config })
    expect(first.functionCalls).toEqual([
      { id: 'toolu_1', name: 'weather', args: { city: 'Rome' } },
      { id: 'toolu_2', name: 'weather', args: {} },
    ])
    const history = [
      { role: 'user', parts: [{ text: 'Weather?' }] },
      first.candidates?.[0]?.content ?? {},
      {
        role: 'user',
        parts: (first.functionCalls ?? []).map(({ id, name }) => ({
          functionResponse: { id: id ?? '', name: name ?? '', response: { output: 'sun' } },
        })),
      },
    ]
    await ai.models.generateContent({ model: 'm', contents: history, config })
    expect(asked[0]?.request).toMatchObject({
      tools: [{ name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }],
      toolChoice: { type: 'tool', name: 'weather' },
    })
    expect(asked[1]?.request.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm', signature: { format: 'anthropic-claude-v1', value: 'EpwB+/=' } },
          { type: 'tool-call', id: 'toolu_1', name: 'weather', arguments: '{"city":"Rome"}' },
          { type: 'tool-call', id: 'toolu_2', name: 'weather', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'toolu_1', name: 'weather', content: [{ type: 'text', text: 'sun' }] },
          { type: 'tool-result', id: 'toolu_2', name: 'weather', content: [{ type: 'text', text: 'sun' }] },
        ],
      },
    ])
  })
})

describe('generateContentStream', () => {
  const thoughtful = answer(
    [
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: 'Hello' },
      { type: 'tool-call', id: 'a', name: 'weather', arguments: '{"city":"Rome"}' },
    ],
    { finishReason: 'tool-calls' },
  )

  it('reads text, thoughts, whole calls, and usage with the end', async () => {
    answers = [thoughtful]
    const seen = { text: '', thoughts: '', calls: [] as unknown[], reason: undefined as unknown, usage: undefined as unknown }
    for await (const chunk of await ai.models.generateContentStream({ model: 'm', contents: 'x' })) {
      for (const { text, thought, functionCall } of chunk.candidates?.[0]?.content?.parts ?? []) {
        if (thought) seen.thoughts += text ?? ''
        else seen.text += text ?? ''
        if (functionCall) seen.calls.push(functionCall)
      }
      seen.reason = chunk.candidates?.[0]?.finishReason ?? seen.reason
      seen.usage = chunk.usageMetadata ?? seen.usage
    }
    expect(asked[0]?.stream).toBe(true)
    expect(seen).toMatchObject({
      text: 'Hello',
      thoughts: 'Hm',
      calls: [{ id: 'a', name: 'weather', args: { city: 'Rome' } }],
      reason: 'STOP',
      usage: { totalTokenCount: 11 },
    })
  })

  it('raises its own error when the stream fails after it had begun', async () => {
    answers = [thoughtful]
    failAfterStart = new LeashError('stream_truncated', 'Cut.')
    const read = async () => {
      for await (const _ of await ai.models.generateContentStream({ model: 'm', contents: 'x' }));
    }
    await expect(read()).rejects.toMatchObject({ name: 'ApiError', status: 502 })
  })
})

it('keeps a chat over streamed turns, signatures in their places, so that Gemini itself could go on', async () => {
  const own = { format: 'google-gemini-v1', value: 'YQ==' } as const
  answers = [
    answer([
      { type: 'text', text: 'Hello' },
      { type: 'text', text: '', signature: own },
    ]),
    answer([{ type: 'text', text: 'Again' }]),
  ]
  const chat = ai.chats.create({ model: 'm' })
  for await (const _ of await chat.sendMessageStream({ message: 'One' }));
  await chat.sendMessage({ message: 'Two' })
  expect(asked[1]?.request.messages).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'One' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'text', text: '', signature: own },
      ],
    },
    { role: 'user', content: [{ type: 'text', text: 'Two' }] },
  ])
  // Two questions, three events of the first answer, and the second answer: a turn with an invalid event would be forgotten.
  expect(chat.getHistory(true)).toHaveLength(6)
  expect(encode(asked[1]?.request ?? { messages: [] }).body.contents).toMatchObject([
    {},
    { parts: [{ text: 'Hello' }, { text: '', thoughtSignature: own.value }] },
    {},
  ])
})
