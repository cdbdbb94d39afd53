/** Whole answers in the AI SDK's words: what no recording holds. */
import { describe, expect, test } from 'vitest'
import type { AssistantPart, ChatResponse } from '../../../src/core/message.js'
import { aiSdk } from '../../../src/protocols/ai-sdk/index.js'
import { decodeContext } from '../../helpers/decode.js'

function read(content: unknown, over: object = {}) {
  const losses: string[] = []
  const lose = (path: string, action: string, why?: string) => losses.push(`${action} ${path}: ${why}`)
  const body = { content, finishReason: { unified: 'stop', raw: 'stop' }, ...over }
  return { answer: aiSdk.upstream.decodeResponse(body, decodeContext({ lose })), losses }
}

const partsOf = ({ choices: [choice] }: ChatResponse) => choice?.content

function written(...content: AssistantPart[]) {
  const answer: ChatResponse = { id: 'a', model: 'm', choices: [{ content, finishReason: 'stop' }] }
  return aiSdk.downstream?.encodeResponse(answer, { messages: [] })
}

describe('what is said of', () => {
  test('a file that is neither an image nor speech is that it was lost', () => {
    const { answer, losses } = read([{ type: 'file', mediaType: 'text/csv', data: { type: 'data', data: 'YSxi' } }])
    expect(partsOf(answer)).toEqual([])
    expect(losses).toEqual(['dropped content[0]: Files that are neither images nor speech are not translated.'])
  })

  test('a file without its data is that it was lost', () => {
    const { answer, losses } = read([{ type: 'file', mediaType: 'image/png', data: { type: 'data' } }])
    expect(partsOf(answer)).toEqual([])
    expect(losses).toEqual(['dropped content[0]: A file is given as data, text, an address or a reference.'])
  })

  test('a tool that the provider ran is that it was lost, and of sources nothing', () => {
    const call = { type: 'tool-call', toolCallId: 'c', toolName: 'search', input: '{}', providerExecuted: true }
    const { answer, losses } = read([call, { type: 'source', sourceType: 'url', id: 's', url: 'https://a.example' }])
    expect(partsOf(answer)).toEqual([])
    expect(losses).toEqual(['dropped content[0]: Parts of the type "tool-call" belong to one provider, and are not translated.'])
  })

  test('what the model could not do is the member and why', () => {
    const warnings = [
      { type: 'unsupported', feature: 'seed' },
      { type: 'compatibility', feature: 'responseFormat', details: 'Asked for in words.' },
      { type: 'other', message: 'Hello.' },
    ]
    expect(read([], { warnings }).losses).toEqual([
      'dropped seed: The model does not support it.',
      'approximated responseFormat: Asked for in words.',
    ])
  })
})

test('a text is given the sources that stand between it and the next', () => {
  const source = (url: string) => ({ type: 'source', sourceType: 'url', id: url, url })
  const parts = [
    { type: 'text', text: 'A' },
    source('https://a.example'),
    { type: 'text', text: 'B' },
    source('https://b.example'),
  ]
  expect(partsOf(read(parts).answer)).toEqual([
    { type: 'text', text: 'A', citations: [{ url: 'https://a.example' }] },
    { type: 'text', text: 'B', citations: [{ url: 'https://b.example' }] },
  ])
})

test.each<[string, AssistantPart]>([
  ['a refusal', { type: 'refusal', text: 'No.' }],
  ['an image', { type: 'image', source: { kind: 'base64', data: 'iVBORw', mediaType: 'image/png' } }],
  ['an image at an address', { type: 'image', source: { kind: 'url', url: 'https://a.example/cat.png' } }],
  ['speech', { type: 'audio', source: { kind: 'base64', data: 'T2dn', mediaType: 'audio/ogg' } }],
  [
    'hidden thoughts',
    { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'EqQB' } },
  ],
])('%s comes back as it was told', (_, part) => {
  expect(partsOf(read((written(part) as { content: unknown }).content).answer)).toEqual([part])
})

test('an answer without content is malformed, and worth another call', () => {
  expect(() => read('Hello')).toThrowError(expect.objectContaining({ code: 'upstream_malformed', retryable: true }))
})
