/** The same question in every protocol, by plain `fetch`, for what is about bytes and connections rather than SDKs. */
import type { MockProtocol } from '../../src/testing/index.js'

export interface Caller {
  readonly protocol: Exclude<MockProtocol, 'embeddings'>
  readonly model: string
  /** Sends the text and gives the answer as it comes. */
  readonly send: (url: string, text: string, stream: boolean, signal?: AbortSignal) => Promise<Response>
  /** How the vendor ends a stream. */
  readonly terminal: RegExp
  /** How it says in a stream that it failed. */
  readonly failure: RegExp
}

const post = (url: string, headers: Record<string, string>, body: unknown, signal?: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })

export const callers: readonly Caller[] = [
  {
    protocol: 'openai-chat',
    model: 'gpt-4.1',
    send: (url, content, stream, signal) => {
      const body = { model: 'gpt-4.1', stream, messages: [{ role: 'user', content }] }
      return post(`${url}/v1/chat/completions`, { authorization: 'Bearer key' }, body, signal)
    },
    terminal: /data: \[DONE\]\n\n$/,
    failure: /data: \{"error":\{"message":"Oh no","type":"server_error","param":null,"code":null\}\}\n\n$/,
  },
  {
    protocol: 'openai-responses',
    model: 'gpt-5',
    send: (url, input, stream, signal) =>
      post(`${url}/v1/responses`, { authorization: 'Bearer key' }, { model: 'gpt-5', stream, input }, signal),
    terminal: /event: response\.completed\ndata: \{.*\}\n\n$/,
    failure: /event: error\ndata: .*"message":"Oh no".*\n\nevent: response\.failed\ndata: .*"status":"failed".*\n\n$/,
  },
  {
    protocol: 'anthropic-messages',
    model: 'claude-haiku-4-5',
    send: (url, content, stream, signal) => {
      const body = { model: 'claude-haiku-4-5', max_tokens: 99, stream, messages: [{ role: 'user', content }] }
      return post(`${url}/v1/messages`, { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' }, body, signal)
    },
    terminal: /event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/,
    failure:
      /event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"Oh no"\},"request_id":"req_\w+"\}\n\n$/,
  },
  {
    protocol: 'gemini',
    model: 'gemini-2.5-flash',
    send: (url, text, stream, signal) => {
      const action = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
      const body = { contents: [{ role: 'user', parts: [{ text }] }] }
      return post(`${url}/v1beta/models/gemini-2.5-flash:${action}`, { 'x-goog-api-key': 'key' }, body, signal)
    },
    terminal: /"finishReason":"STOP".*\r\n\r\n$/,
    failure: /data: \{"error":\{"code":500,"message":"Oh no","status":"INTERNAL"\}\}\r\n\r\n$/,
  },
  {
    protocol: 'bedrock-converse',
    model: 'us.amazon.nova-lite-v1:0',
    send: (url, text, stream, signal) => {
      const action = stream ? 'converse-stream' : 'converse'
      const body = { messages: [{ role: 'user', content: [{ text }] }] }
      return post(`${url}/model/us.amazon.nova-lite-v1%3A0/${action}`, { authorization: 'Bearer key' }, body, signal)
    },
    terminal: /"stopReason":"end_turn"[\s\S]*"metrics"/,
    failure: /:exception-type[\s\S]*internalServerException[\s\S]*\{"message":"Oh no"\}/,
  },
]
