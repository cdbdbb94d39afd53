/** Conversations in the AI SDK's words, in both directions: what no recording holds. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, Message } from '../../../src/core/message.js'
import { aiSdk } from '../../../src/protocols/ai-sdk/index.js'

function losses() {
  const lost: string[] = []
  return { lost, lose: (path: string, action: string) => void lost.push(`${action} ${path}`) }
}

function read(...prompt: object[]) {
  const { lost, lose } = losses()
  const request = aiSdk.downstream?.decodeRequest({ prompt } as unknown as JsonObject, lose)
  return { messages: request?.messages, lost }
}

function written(messages: readonly Message[], over: Partial<ChatRequest> = {}) {
  const { lost, lose } = losses()
  const body = aiSdk.upstream.encodeRequest({ messages, ...over }, { model: 'm', stream: false, traits: {}, lose })
  return { body, prompt: body.prompt as object[], lost }
}

const mark = { providerOptions: { anthropic: { cacheControl: { type: 'ephemeral', ttl: '1h' } } } }
const cache = { ttl: '1h' } as const
const png = { kind: 'base64', data: 'iVBORw', mediaType: 'image/png' } as const

describe('a conversation is written and read back as it was:', () => {
  test.each<[string, Message]>([
    [
      'marks for the cache on texts and media',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a', cache },
          { type: 'image', source: png, cache },
        ],
      },
    ],
    ['a mark on an instruction', { role: 'system', content: [{ type: 'text', text: 'a', cache }] }],
    [
      'files of every source, with their names',
      {
        role: 'user',
        content: [
          {
            type: 'file',
            source: { kind: 'base64', data: 'JVBERi0=', mediaType: 'application/pdf' },
            mediaType: 'application/pdf',
            name: 'a.pdf',
          },
          { type: 'file', source: { kind: 'url', url: 'https://a.example/b' }, mediaType: 'text/csv' },
          { type: 'file', source: { kind: 'text', text: 'c' }, mediaType: 'text/plain' },
          { type: 'file', source: { kind: 'file-id', id: 'f', ids: { openai: 'f', google: 'g' } }, mediaType: 'text/plain' },
          { type: 'image', source: png, detail: 'low' },
          { type: 'audio', source: { kind: 'base64', data: 'T2dn', mediaType: 'audio/ogg' } },
        ],
      },
    ],
    [
      'what the assistant said, refused and drew',
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'a' },
          { type: 'refusal', text: 'No.' },
          { type: 'image', source: png },
        ],
      },
    ],
    [
      'a result of many parts, with its mark',
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            id: 'c',
            name: 'f',
            content: [
              { type: 'text', text: 'a' },
              { type: 'image', source: png },
            ],
            cache,
          },
        ],
      },
    ],
    [
      'a failure',
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'c', name: 'f', content: [{ type: 'text', text: 'a' }], isError: true }],
      },
    ],
  ])('%s', (_, message) => {
    const { prompt, lost } = written([message])
    expect(read(...prompt)).toEqual({ messages: [message], lost: [] })
    expect(lost).toEqual([])
  })
})

describe('what is read', () => {
  test('of a mark as OpenAI has it is a mark, though no longer than an hour', () => {
    const marked = (ttl?: string) => ({ providerOptions: { openai: { promptCacheBreakpoint: { mode: 'explicit', ttl } } } })
    const content = [
      { type: 'text', text: 'a', ...marked() },
      { type: 'text', text: 'b', ...marked('12h') },
    ]
    expect(read({ role: 'user', content })).toEqual({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a', cache: {} },
            { type: 'text', text: 'b', cache },
          ],
        },
      ],
      lost: ['approximated prompt[0].content[1].prompt_cache_breakpoint.ttl'],
    })
  })

  test('of a mark on a whole message stands at its end', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]
    expect(read({ role: 'user', content, ...mark }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b', cache },
        ],
      },
    ])
  })

  test('of a tool whose use was denied is a failure, with the reason', () => {
    const denied = (reason?: string) =>
      read({
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'execution-denied', reason } }],
      })
    expect(denied('Too dear.').messages?.[0]?.content).toMatchObject([{ isError: true, content: [{ text: 'Too dear.' }] }])
    expect(denied().messages?.[0]?.content).toMatchObject([
      { isError: true, content: [{ text: expect.stringContaining('denied') }] },
    ])
  })

  test('of a file by the beginning of its data, where its type is told by half', () => {
    const typeOf = (mediaType: string, data: string) =>
      read({ role: 'user', content: [{ type: 'file', mediaType, data: { type: 'data', data } }] }).messages?.[0]?.content[0]
    expect(typeOf('image', '/9j/AAAA')).toMatchObject({ source: { mediaType: 'image/jpeg' } })
    expect(typeOf('image/*', 'AAAA')).toMatchObject({ source: { mediaType: 'image/png' } })
    expect(typeOf('audio', 'AAAA')).toMatchObject({ source: { mediaType: 'audio/wav' } })
    expect(typeOf('audio', 'SUQzAAAA')).toMatchObject({ source: { mediaType: 'audio/mpeg' } })
    expect(typeOf('application', 'AAAA')).toMatchObject({ type: 'file', source: { mediaType: 'application/octet-stream' } })
  })

  test('leaves out what has no counterpart, and says so', () => {
    const speech = { type: 'file', mediaType: 'audio/wav', data: { type: 'data', data: 'UklG' } }
    const { messages, lost } = read(
      { role: 'user', content: [{ type: 'of-tomorrow' }, { type: 'file', mediaType: 'image/png', data: {} }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool-call', toolCallId: 'c', toolName: 'search', input: {}, providerExecuted: true },
          { type: 'file', mediaType: 'text/csv', data: { type: 'data', data: 'YSxi' } },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'content', value: [speech] } }],
      },
    )
    expect(messages?.map(({ content }) => content)).toMatchObject([[], [], [{ content: [] }]])
    expect(lost).toEqual([
      'dropped prompt[0].content[0]',
      'dropped prompt[0].content[1]',
      'dropped prompt[1].content[0]',
      'dropped prompt[1].content[1]',
      'dropped prompt[2].content[0].output.value[0]',
    ])
  })
})

describe('what is written', () => {
  test('of several texts of a failure is one text', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ] as const
    const { prompt } = written([{ role: 'tool', content: [{ type: 'tool-result', id: 'c', name: 'f', content, isError: true }] }])
    expect(prompt).toMatchObject([{ content: [{ output: { type: 'error-text', value: 'a\nb' } }] }])
  })

  test('of a format keeps its name and what is said of it', () => {
    const format = { type: 'json-schema', name: 'city', description: 'A city.', schema: { type: 'object' } } as const
    expect(written([], { responseFormat: format }).body.responseFormat).toEqual({
      type: 'json',
      name: 'city',
      description: 'A city.',
      schema: { type: 'object' },
    })
  })

  test('of what the AI SDK has no word for is a report', () => {
    const request: Partial<ChatRequest> = { user: 'u', n: 2, logprobs: true, parallelToolCalls: false, serviceTier: 'flex' }
    const { lost } = written([{ role: 'user', name: 'Ann', content: [{ type: 'text', text: 'a' }] }], request)
    expect(lost.toSorted()).toEqual(
      ['logprobs', 'messages[0].name', 'n', 'parallelToolCalls', 'serviceTier', 'user'].map((path) => `dropped ${path}`),
    )
  })
})
