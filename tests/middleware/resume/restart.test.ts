import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { expect, test } from 'vitest'
import { LeashLLM } from '../../../src/index.js'
import { useHonest } from './honest.js'
import { ask, bytesOf, decode, open, pieces, whole } from './kit.js'

const vendor = useHonest()
const resume = { restart: true }

test('an answer begins anew where it cannot be continued, when that was asked for, and says so before it does', async () => {
  vendor.model.pieces = ['{"fox":', '"in ', 'its ', 'den"}']
  vendor.script({ end: 3 })
  const { leash, reports } = open(vendor.url, { resume })
  const heard: string[] = []
  leash.on('resume', ({ resumed }) => heard.push(String(resumed)))
  const text = Buffer.from(await bytesOf(await ask(leash, vendor.url, { response_format: { type: 'json_object' } }))).toString()
  const [before, after, ...more] = text.split(': leash restarted\n\n')
  expect(more).toEqual([])
  expect(before).toContain('in ')
  const { answer } = await decode('openai-chat', Buffer.from(after ?? ''))
  expect(answer.choices[0]?.content).toEqual([{ type: 'text', text: vendor.model.pieces.join('') }])
  expect(heard).toEqual(['restarted'])
  expect(reports).toMatchObject([{ moves: [{ resumed: 'restarted' }] }])
  expect(vendor.served[1]?.body).toEqual(vendor.served[0]?.body)
})

test("a vendor's SDK passes over the notice", async () => {
  vendor.model.pieces = pieces
  const cut = { end: 4 }
  const { leash } = open(vendor.url, { resume })
  const messages = [{ role: 'user' as const, content: 'Hi' }]

  vendor.script(cut)
  const openai = new LeashLLM({ apiKey: 'mock', baseURL: `${vendor.url}/v1`, resume, maxRetries: 0 })
  const chat = openai.chat.completions.stream({ model: 'gpt-4.1', messages, response_format: { type: 'json_object' } })
  chat.on('error', () => {})
  expect((await chat.finalChatCompletion().catch((error) => error)).choices[0]?.message.content).toMatch(whole)

  vendor.script(cut)
  const claude = leash.wrap(new Anthropic({ apiKey: 'mock', baseURL: vendor.url, maxRetries: 0 }))
  const format = { type: 'json_schema' as const, schema: { type: 'object' } }
  const held = { model: 'claude-haiku-4-5', max_tokens: 2000, messages, stream: true as const, output_config: { format } }
  let said = ''
  for await (const event of await claude.messages.create(held)) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') said += event.delta.text
  }
  expect(said).toMatch(whole)

  vendor.script(cut)
  const google = leash.wrap(new GoogleGenAI({ apiKey: 'mock', httpOptions: { baseUrl: vendor.url } }))
  const config = { responseMimeType: 'application/json' }
  let text = ''
  for await (const chunk of await google.models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'Hi', config }))
    text += chunk.text ?? ''
  expect(text).toMatch(whole)
  expect(vendor.served).toHaveLength(6)
})
