/** What a model refuses to say is a block of LangChain's own, by which its parsers know it. */
import { BaseCallbackHandler } from '@langchain/core/callbacks/base'
import { ModelRefusalError } from '@langchain/core/errors'
import { AIMessage, type AIMessageChunk, HumanMessage } from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ChatLeash } from '../../src/integrations/langchain.js'
import { createLeash, type Leash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()
let leash: Leash
beforeAll(() => {
  leash = createLeash({ providers: mockProviders(mock.url) })
})

const events = (...all: object[]) => ({
  headers: { 'content-type': 'text/event-stream' },
  body: all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''),
})

/** @param words none: it refuses, and does not say why */
function gpt(words: readonly string[], stream: boolean) {
  const around = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini' }
  const chunk = (choice: object) => ({ ...around, object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] })
  if (stream) {
    const said = words.map((refusal) => chunk({ delta: { role: 'assistant', refusal }, finish_reason: null }))
    return events(...said, chunk({ delta: {}, finish_reason: 'stop' }))
  }
  const message = { role: 'assistant', content: null, refusal: words.join('') }
  return { body: { ...around, object: 'chat.completion', choices: [{ index: 0, finish_reason: 'stop', message }] } }
}

function claude(words: readonly string[], stream: boolean) {
  const explanation = words.join('') || null
  const stop = { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'cyber', explanation } }
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', content: [], usage }
  if (!stream) return { body: { ...message, ...stop } }
  return events(
    { type: 'message_start', message: { ...message, stop_reason: null } },
    { type: 'message_delta', delta: stop, usage },
    { type: 'message_stop' },
  )
}

const vendors = { 'gpt-4o-mini': gpt, 'claude-haiku-4-5': claude }
const words = ['I cannot ', 'help with that.']
const whole = 'I cannot help with that.'
const chat = (model: string, outputVersion: Version = 'v0') => new ChatLeash({ model, leash, outputVersion })

/** Makes a model stream though it is invoked, as LangGraph's does. */
class Listener extends BaseCallbackHandler {
  readonly name = 'listener'
  readonly lc_prefer_streaming = true
}

type Version = 'v0' | 'v1'
interface Case {
  readonly model: keyof typeof vendors
  readonly stream: boolean
}
const cases: readonly Case[] = [
  { model: 'gpt-4o-mini', stream: false },
  { model: 'gpt-4o-mini', stream: true },
  { model: 'claude-haiku-4-5', stream: false },
  { model: 'claude-haiku-4-5', stream: true },
]

async function ask({ model, stream }: Case, said: readonly string[], version?: Version): Promise<AIMessage> {
  mock.script({ status: 200, ...vendors[model](said, stream) })
  if (!stream) return chat(model, version).invoke('Break in.')
  let all: AIMessageChunk | undefined
  for await (const chunk of await chat(model, version).stream('Break in.')) all = all?.concat(chunk) ?? chunk
  if (!all) throw new Error('Nothing came.')
  return all
}

describe.each(cases)('what $model refuses (stream: $stream)', (asked) => {
  test('is a block of its own where blocks are asked for', async () => {
    const message = await ask(asked, words, 'v1')
    expect(message.contentBlocks).toMatchObject([{ type: 'refusal', refusal: whole }])
    expect(message.text).toBe('')
  })

  test('is a text where they are not, as LangChain’s parser of texts takes nothing else', async () => {
    const message = await ask(asked, words)
    expect(message.text).toBe(whole)
    expect(message.contentBlocks).toHaveLength(1)
    expect(await new StringOutputParser().invoke(message)).toBe(whole)
  })

  test.each(['v0', 'v1'] as const)('goes back as what was refused (output %s)', async (version) => {
    const message = await ask(asked, words, version)
    await chat('gpt-4o-mini').invoke([new HumanMessage('Break in.'), message, new HumanMessage('Why?')])
    expect(mock.requests[1]?.body).toMatchObject({ messages: [{}, { role: 'assistant', refusal: whole }, {}] })
  })

  test('is known where an object was asked for', async () => {
    mock.script({ status: 200, ...vendors[asked.model](words, asked.stream) })
    const person = chat(asked.model).withStructuredOutput(z.object({ name: z.string() }))
    const answer = person.invoke('Invent a person.', { callbacks: asked.stream ? [new Listener()] : [] })
    const error = await answer.catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'ModelRefusalError', message: expect.stringContaining(whole) })
  })
})

test.each([false, true])('a refusal without a word is a block without words (stream: %s)', async (stream) => {
  const message = await ask({ model: 'claude-haiku-4-5', stream }, [], 'v1')
  expect(message.contentBlocks).toMatchObject([{ type: 'refusal', refusal: '' }])
  await chat('claude-haiku-4-5').invoke([new HumanMessage('Break in.'), message, new HumanMessage('Why?')])
  expect(mock.requests[1]?.body).toMatchObject({ messages: [{ role: 'user' }] })
})

test.each(['jsonSchema', 'functionCalling', 'jsonMode'])('an object that is asked for by %s may be refused', async (method) => {
  mock.script({ status: 200, ...gpt(words, false) })
  const person = chat('gpt-4o-mini').withStructuredOutput(z.object({ name: z.string() }), { method })
  const error = await person.invoke('Invent a person.').catch((error: unknown) => error)
  expect(ModelRefusalError.isInstance(error)).toBe(true)
})

test('what LangChain’s own model of OpenAI was refused goes to another vendor', async () => {
  const said = new AIMessage({
    content: '',
    additional_kwargs: { refusal: whole },
    response_metadata: { model_provider: 'openai' },
  })
  await chat('claude-haiku-4-5').invoke([new HumanMessage('Break in.'), said, new HumanMessage('Why?')])
  expect(mock.requests[0]?.body).toMatchObject({ messages: [{}, { content: [{ type: 'text', text: whole }] }, {}] })
})
