/** One question in every protocol, as bytes, for layers that must treat all of them alike. */
import type { Leash } from '../../src/leash.js'

export interface Ask {
  readonly protocol: string
  request(text: string, stream: boolean): { readonly path: string; readonly body: object }
}

const user = (content: unknown) => [{ role: 'user', content }]

export const asks: readonly Ask[] = [
  {
    protocol: 'openai-chat',
    request: (text, stream) => ({
      path: '/v1/chat/completions',
      body: { model: 'gpt-4.1', stream, messages: user(text) },
    }),
  },
  {
    protocol: 'openai-chat, translated',
    request: (text, stream) => ({
      path: '/v1/chat/completions',
      body: { model: 'anthropic/claude-haiku-4-5', stream, messages: user(text) },
    }),
  },
  {
    protocol: 'openai-responses',
    request: (input, stream) => ({ path: '/v1/responses', body: { model: 'gpt-5', stream, input } }),
  },
  {
    protocol: 'anthropic-messages',
    request: (text, stream) => ({
      path: '/v1/messages',
      body: { model: 'claude-haiku-4-5', max_tokens: 99, stream, messages: user(text) },
    }),
  },
  {
    protocol: 'gemini',
    request: (text, stream) => ({
      path: `/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      body: { contents: [{ role: 'user', parts: [{ text }] }] },
    }),
  },
  {
    protocol: 'bedrock-converse',
    request: (text, stream) => ({
      path: `/model/us.amazon.nova-lite-v1%3A0/${stream ? 'converse-stream' : 'converse'}`,
      body: { messages: user([{ text }]) },
    }),
  },
]

/** By the leash as a `fetch`, and behind HTTP. */
export const doors = ['fetch', 'handle'] as const

export function send(
  leash: Leash,
  door: (typeof doors)[number],
  url: string,
  { path, body }: ReturnType<Ask['request']>,
  signal?: AbortSignal,
): Promise<Response> {
  const headers = {
    authorization: 'Bearer mock',
    'x-api-key': 'mock',
    'x-goog-api-key': 'mock',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
  }
  const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) }
  return door === 'fetch' ? leash.fetch(`${url}${path}`, init) : leash.handle(new Request(`http://leash.test${path}`, init))
}
