import { expect } from 'vitest'
import { createLeash, type LeashOptions, type LedgerLine } from '../../src/leash.js'

const messages = [{ role: 'user', content: 'Hi' }]
const asked = {
  chat: ['https://api.openai.com/v1/chat/completions', { messages }],
  embeddings: ['https://api.openai.com/v1/embeddings', { input: 'Hi' }],
  responses: ['https://api.openai.com/v1/responses', { input: 'Hi' }],
  messages: ['https://api.anthropic.com/v1/messages', { messages, max_tokens: 100 }],
  gemini: ['https://generativelanguage.googleapis.com/v1beta/models/', { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }],
} as const

export type Words = keyof typeof asked

/** The line of a call to `model`, in some vendor's words, that is answered so: as JSON or as a stream of events. And the warnings. */
export async function booked(model: string, answer: string, words: Words = 'chat', options: LeashOptions = {}) {
  const lines: LedgerLine[] = []
  const warnings: string[] = []
  const stream = !answer.startsWith('{')
  const leash = createLeash({
    providers: { [model.slice(0, model.indexOf('/'))]: { apiKey: 'k' }, openai: { apiKey: 'k' } },
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => new Response(answer, { headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' } }),
    ...options,
  })
  leash.on('warning', ({ message }) => warnings.push(message))
  const [url, said] = asked[words]
  // Google has both in the address.
  const address = words === 'gemini' ? `${url}${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}` : url
  const body = JSON.stringify(words === 'gemini' ? said : { model, stream, ...said })
  await (await leash.fetch(address, { method: 'POST', headers: { authorization: 'Bearer k' }, body })).text()
  await leash.close()
  return { ...(lines[0] ?? expect.fail()), warnings }
}
