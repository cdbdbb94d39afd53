/** A route handler for `useChat`, on a real socket, and the class behind that hook as its client. */
import {
  AbstractChat,
  type ChatInit,
  convertToModelMessages,
  DefaultChatTransport,
  isStepCount,
  streamText,
  tool,
  type UIMessage,
} from 'ai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { isLeashError } from '../../src/core/errors.js'
import { createLeashProvider, type LeashProvider, reportIn } from '../../src/integrations/ai-sdk.js'
import { until, useMock } from '../helpers/mock.js'
import { type Served, serve } from '../helpers/serve.js'
import { everyModel, leashAt, pixel, prompt } from './ai-sdk-models.js'

const mock = useMock()
let leash: LeashProvider
let served: Served

const get_weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => '24 degrees' })

/** As a Next.js route would do it. */
async function POST(request: Request): Promise<Response> {
  const { messages, model, tools, reasoning } = await request.json()
  const result = streamText({
    model: leash(model),
    messages: await convertToModelMessages(messages),
    ...(tools && { tools: { get_weather }, stopWhen: isStepCount(3) }),
    ...(reasoning && { reasoning, maxOutputTokens: 20_000 }),
    abortSignal: request.signal,
    onError: () => {},
  })
  return result.toUIMessageStreamResponse({
    messageMetadata: ({ part }) => (part.type === 'finish-step' ? { usd: reportIn(part)?.cost?.usd } : undefined),
    onError: (error) => (error instanceof Error && isLeashError(error.cause) ? error.cause.code : 'unknown'),
  })
}

beforeAll(async () => {
  leash = createLeashProvider(leashAt(mock.url))
  served = await serve(POST)
})
afterAll(() => served.close())

/** What `useChat` keeps, without React. */
class Chat extends AbstractChat<UIMessage> {
  constructor(body: object, init: ChatInit<UIMessage> = {}) {
    const state: UIMessage[] = []
    super({
      transport: new DefaultChatTransport({ api: served.url, body }),
      ...init,
      state: {
        status: 'ready',
        error: undefined,
        messages: state,
        pushMessage: (message) => void state.push(message),
        popMessage: () => void state.pop(),
        replaceMessage(index, message) {
          state[index] = message
        },
        snapshot: structuredClone,
      },
    })
  }

  get text(): string {
    const { role, parts } = this.messages.at(-1) ?? {}
    return role === 'assistant' && parts ? parts.map((part) => (part.type === 'text' ? part.text : '')).join('') : ''
  }
}

describe.each(everyModel)('a chat over %s', (_, model) => {
  test('is answered, goes on, and shows what it cost', async () => {
    const chat = new Chat({ model })
    await chat.sendMessage({ text: prompt })
    expect([chat.status, chat.error, chat.text]).toEqual(['ready', undefined, `Echo: ${prompt}`])
    await chat.sendMessage({ text: 'And now?' })
    expect(chat.text).toBe('Echo: And now?')
    expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(mock.requests.at(-1)?.text).toContain(prompt)
    expect(chat.messages.at(-1)?.metadata).toEqual({ usd: expect.any(Number) })
  })

  test('calls tools on the server, and keeps them in the history', async () => {
    const chat = new Chat({ model, tools: true })
    await chat.sendMessage({ text: prompt })
    expect(chat.text).toContain('24 degrees')
    expect(chat.messages.at(-1)?.parts).toContainEqual(
      expect.objectContaining({ type: 'tool-get_weather', state: 'output-available', output: '24 degrees' }),
    )
    await chat.sendMessage({ text: 'And now?' })
    expect(chat.error).toBeUndefined()
    expect(chat.text).toContain('24 degrees')
  })

  test('takes pictures', async () => {
    const chat = new Chat({ model })
    const url = `data:image/png;base64,${Buffer.from(pixel).toString('base64')}`
    await chat.sendMessage({ text: prompt, files: [{ type: 'file', mediaType: 'image/png', url }] })
    expect(chat.text).toBe(`Echo: ${prompt} [1 image]`)
  })

  test.each([
    [{ status: 403 }, 'permission_denied'],
    [{ status: 429, retryAfter: 3600 }, 'rate_limited'],
    [{ errorInStream: { status: 500, after: 8 } }, 'upstream_error'],
  ])('fails visibly with %j', async (fault, code) => {
    mock.script({ ...fault, times: 9 })
    const chat = new Chat({ model })
    await chat.sendMessage({ text: prompt.repeat(5) })
    expect([chat.status, chat.error?.message]).toEqual(['error', code])
  })

  test('stops the vendor when its reader stops', async () => {
    mock.script({ hang: { afterEvents: 8 } })
    const chat = new Chat({ model })
    const sent = chat.sendMessage({ text: prompt.repeat(5) })
    await until(() => chat.text !== '')
    await chat.stop()
    await sent
    expect(chat.status).toBe('ready')
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })
})

const thinkers = everyModel.filter(([protocol]) => protocol !== 'openai-chat')

test.each(thinkers)('the page keeps what %s thought, byte for byte, for the turns to come', async (_, model) => {
  const chat = new Chat({ model, tools: true, reasoning: 'medium' })
  await chat.sendMessage({ text: prompt })
  expect(chat.messages.at(-1)?.parts).toContainEqual(
    expect.objectContaining({ type: 'reasoning', text: expect.stringContaining('I was asked') }),
  )
  // The mock refuses a history whose signatures are not as it made them.
  await chat.sendMessage({ text: 'And now?' })
  expect(chat.error).toBeUndefined()
  expect(mock.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200])
})
