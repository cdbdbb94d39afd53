/** Whoever reads an answer that went on must not see where. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LeashLLM, reportOf } from '../../../src/index.js'
import { send } from '../asks.js'
import { useHonest } from './honest.js'
import { bytesOf, decode, nameOf, open, pieces, spoken, textIn, whole } from './kit.js'

const vendor = useHonest()
/** A connection that breaks takes with it what had come and was not read: then it broke before the first content. */
const retry = { backoff: () => 0 }
const messages = [{ role: 'user' as const, content: 'Hi' }]
const openai = () => new LeashLLM({ apiKey: 'mock', baseURL: `${vendor.url}/v1`, resume: true, circuitBreaker: false, retry })

test.each([
  [
    "OpenAI's, of a chat",
    async () => {
      const { choices } = await openai().chat.completions.stream({ model: 'gpt-4.1', messages }).finalChatCompletion()
      expect(choices).toHaveLength(1)
      return choices[0]?.message.content
    },
  ],
  [
    "OpenAI's, of a response",
    async () => {
      const numbers: number[] = []
      const stream = openai().responses.stream({ model: 'gpt-5', input: 'Hi' })
      stream.on('event', ({ sequence_number }) => numbers.push(sequence_number))
      const { output, output_text } = await stream.finalResponse()
      expect(numbers).toEqual(numbers.map((_, index) => index))
      expect(output).toMatchObject([{ type: 'message', status: 'completed', content: [{ text: whole }] }])
      return output_text
    },
  ],
  [
    "Anthropic's",
    async () => {
      const client = open(vendor.url, { retry }).leash.wrap(new Anthropic({ apiKey: 'mock', baseURL: vendor.url }))
      const { content } = await client.messages.stream({ messages, model: 'claude-haiku-4-5', max_tokens: 99 }).finalMessage()
      expect(content).toHaveLength(1)
      return content[0]?.type === 'text' && content[0].text
    },
  ],
  [
    "Google's",
    async () => {
      const client = open(vendor.url, { retry }).leash.wrap(
        new GoogleGenAI({ apiKey: 'mock', httpOptions: { baseUrl: vendor.url } }),
      )
      let text = ''
      const stream = await client.models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'Hi' })
      for await (const chunk of stream) text += chunk.text ?? ''
      return text
    },
  ],
])("the vendor's SDK reads one answer, wherever it was cut: %s", async (_, ask) => {
  for (let cut = 5; cut < 30; cut += 2) {
    vendor.model.pieces = pieces
    vendor.script({ cut }, { cut: 6 })
    expect(await ask(), `cut after ${cut} events`).toBe(whole)
    vendor.forget()
  }
})

test.each([
  ['reads it to its end', Number.POSITIVE_INFINITY],
  ['leaves it in its middle', 12],
] as const)('the report of a call knows its last attempt when the SDK %s', async (_, most) => {
  vendor.model.pieces = pieces
  vendor.script({ cut: 6 })
  const client = openai()
  const reports: unknown[] = []
  client.leash.on('result', ({ attempts, cost }) => reports.push([attempts.map(({ outcome }) => outcome), cost?.usd]))
  const stream = await client.chat.completions.create({ model: 'gpt-4.1', messages, stream: true })
  let count = 0
  for await (const _ of stream) if (++count >= most) break
  const { attempts, cost } = await reportOf(stream)
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['error', count >= most ? 'cancelled' : 'ok'])
  expect(attempts[1]?.cost).toBeGreaterThan(0)
  expect(reports).toEqual([[attempts.map(({ outcome }) => outcome), cost?.usd]])
  expect(cost?.usd).toBeCloseTo(attempts.reduce((sum, { cost }) => sum + (cost ?? 0), 0) / 1e9, 12)
})

test('thinking and a message of OpenAI, cut anywhere behind the thinking, are the items that they were', async () => {
  const thinking = { type: 'reasoning', id: 'rs_1', text: 'Foxes!', summary: true } as const
  Object.assign(vendor.model, { pieces, before: [thinking] })
  const whole = await openai().responses.stream({ model: 'gpt-5', input: 'Hi' }).finalResponse()
  const begins = 10
  for (let cut = begins; cut < begins + 25; cut++) {
    vendor.forget()
    vendor.script({ cut })
    const { output } = await openai().responses.stream({ model: 'gpt-5', input: 'Hi' }).finalResponse()
    const ids = (items: typeof output) => items.map((item) => ({ ...item, id: '' }))
    expect(ids(output), `cut after ${cut} events`).toEqual(ids(whole.output))
  }
})

test('the text of an answer that is cut anywhere, and twice, is that of one that was not', async () => {
  const piece = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    fc.constantFrom('ha ', 'the ', ' ', '\n\n', ' {', 'error'),
  )
  const fault = fc.record({
    cut: fc.integer({ min: 4, max: 20 }),
    torn: fc.integer({ min: 0, max: 60 }),
    chunk: fc.integer({ min: 1, max: 90 }),
  })
  const cases = fc.record({
    ask: fc.constantFrom(...spoken),
    pieces: fc.array(piece, { minLength: 3, maxLength: 30 }),
    faults: fc.array(fault, { maxLength: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ ask, pieces, faults }) => {
      vendor.forget()
      vendor.model.pieces = ['Once ', ...pieces, ' end.']
      vendor.script(...faults)
      const { leash } = open(vendor.url, { retry })
      const response = await send(leash, 'fetch', vendor.url, ask.request('Tell me.', true))
      const { answer } = await decode(nameOf(ask.protocol), await bytesOf(response))
      expect(textIn(answer)).toBe(vendor.model.pieces.join(''))
    }),
    { numRuns: 80 },
  )
})
