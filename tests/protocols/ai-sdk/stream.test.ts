/** Streams in the AI SDK's words: what no recording holds. */
import { describe, expect, test } from 'vitest'
import { collect, replay, type StreamEvent } from '../../../src/core/events.js'
import type { AssistantPart, ChatResponse } from '../../../src/core/message.js'
import { aiSdk } from '../../../src/protocols/ai-sdk/index.js'
import { decodeContext } from '../../helpers/decode.js'

const finish = { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: {} }

function read(parts: readonly object[]) {
  const losses: string[] = []
  const lose = (path: string, action: string, why: string) => losses.push(`${action} ${path}: ${why}`)
  const decoder = aiSdk.upstream.decodeStream(decodeContext({ lose }))
  const events = parts.flatMap((part) => decoder.push({ data: JSON.stringify(part) }))
  return { content: collect([...events, ...decoder.end()]).choices[0]?.content, losses }
}

function written(events: Iterable<StreamEvent>): { type: string }[] {
  const encoder = aiSdk.downstream?.encodeStream({ messages: [] })
  return [...events].flatMap((event) => encoder?.push(event) ?? []).map(({ data }) => JSON.parse(data))
}

const whole = (...content: AssistantPart[]): ChatResponse => ({
  id: 'a',
  model: 'm',
  choices: [{ content, finishReason: 'stop' }],
})
const google = (value: string) => ({ format: 'google-gemini-v1', value }) as const

describe('what a caller is told', () => {
  test('of sources: each once, before it is cited by its place and its words', () => {
    const url = 'https://a.example'
    const parts = written(
      replay(
        whole(
          { type: 'text', text: 'One', citations: [{ url, title: 'A', start: 0, end: 3, quote: 'one' }] },
          { type: 'text', text: 'Two', citations: [{ url, start: 1, end: 2 }, { title: 'B' }] },
        ),
      ),
    )
    const source = { type: 'source', sourceType: 'url', id: 'source-0', url, title: 'A' }
    const page = { type: 'source', sourceType: 'document', id: 'source-1', mediaType: 'text/plain', title: 'B' }
    expect(parts.filter(({ type }) => type === 'text-end' || type === 'source')).toEqual([
      { type: 'text-end', id: '0', citations: [{ source, startIndex: 0, endIndex: 3, citedText: 'one' }] },
      source,
      { type: 'text-end', id: '1', citations: [{ source, startIndex: 1, endIndex: 2 }, { source: page }] },
      page,
    ])
    expect(read(parts).content).toEqual([
      { type: 'text', text: 'One', citations: [{ url, title: 'A', start: 0, end: 3, quote: 'one' }] },
      { type: 'text', text: 'Two', citations: [{ url, title: 'A', start: 1, end: 2 }, { title: 'B' }] },
    ])
  })

  test.each<[string, AssistantPart]>([
    ['a refusal', { type: 'refusal', text: 'No.' }],
    ['a signed text', { type: 'text', text: 'Hi', signature: google('c2ln') }],
    ['a signed call', { type: 'tool-call', id: 'c', name: 'f', arguments: '{"x":1}', signature: google('c2ln') }],
    ['an image', { type: 'image', source: { kind: 'base64', data: 'iVBORw', mediaType: 'image/png' } }],
    ['speech', { type: 'audio', source: { kind: 'base64', data: 'T2dn', mediaType: 'audio/ogg' } }],
  ])('of %s is what is read back', (_, part) => {
    expect(read(written(replay(whole(part)))).content).toEqual([part])
  })

  test('of speech that came in pieces is one file, with what was said', () => {
    const at = { choice: 0, index: 0 }
    const speech: AssistantPart = { type: 'audio', source: { kind: 'base64', data: '', mediaType: 'audio/pcm' } }
    const parts = written([
      { type: 'start', id: 'a', model: 'm' },
      { type: 'part-start', ...at, part: speech },
      { type: 'part-delta', ...at, delta: 'QUJD' },
      { type: 'part-delta', ...at, delta: 'REVG' },
      { type: 'part-end', ...at, transcript: 'Hey' },
    ])
    expect(parts.filter(({ type }) => type === 'file')).toEqual([
      {
        type: 'file',
        mediaType: 'audio/pcm',
        data: { type: 'data', data: 'QUJDREVG' },
        providerMetadata: { leash: { transcript: 'Hey' } },
      },
    ])
  })
})

describe('what is said of', () => {
  test('sources that no text follows is that they were lost', () => {
    const source = { type: 'source', sourceType: 'url', id: 's', url: 'https://a.example' }
    expect(read([source, finish]).losses).toEqual(['dropped content: Sources that no text follows are not translated.'])
  })

  test('a file that is neither an image nor speech is that it was lost', () => {
    const file = { type: 'file', mediaType: 'text/csv', data: { type: 'data', data: 'YSxi' } }
    const { content, losses } = read([file, finish])
    expect(content).toEqual([])
    expect(losses).toEqual(['dropped content: Files that are neither images nor speech are not translated.'])
  })

  test('a tool that the provider ran is that it was lost', () => {
    const call = { type: 'tool-call', toolCallId: 'c', toolName: 'search', input: '{}', providerExecuted: true }
    expect(read([call, finish])).toMatchObject({
      content: [],
      losses: [expect.stringContaining('that a provider runs by itself')],
    })
  })
})

test('a call that is told whole, without a beginning, is a call', () => {
  const call = { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: '{"x":1}' }
  expect(read([call, finish]).content).toEqual([{ type: 'tool-call', id: 'c', name: 'f', arguments: '{"x":1}' }])
})

test('a stream that passes by: what it used is seen, and a finish that was an interruption is none', () => {
  const seen = (...parts: object[]) => {
    const tap = aiSdk.lens.tap()
    for (const part of parts) tap.see({ data: JSON.stringify(part) })
    return tap
  }
  const usage = { inputTokens: { total: 3 }, outputTokens: { total: 4 } }
  expect(seen({ ...finish, usage })).toMatchObject({ terminal: true, error: undefined, usage: { input: 3, output: 4 } })
  const interrupted = { ...finish, finishReason: { unified: 'interrupted' } }
  expect(seen(interrupted)).toMatchObject({ terminal: true, error: { code: 'stream_truncated' } })
})
