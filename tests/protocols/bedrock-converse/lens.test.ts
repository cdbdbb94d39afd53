import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'
import { awsEventStream } from '../../../src/protocols/framing/aws-eventstream.js'
import type { WireEvent } from '../../../src/protocols/protocol.js'
import { answer, bytesIn, cassette, cassettes } from './bedrock.js'

const { lens } = bedrockConverse

function seen(replace: typeof lens.replaceRequest, body: JsonObject): [string, string][] {
  const texts: [string, string][] = []
  const same = replace(body, (text, kind) => {
    texts.push([text, kind])
    return text
  })
  expect(same).toBe(body)
  return texts
}

const request: JsonObject = {
  system: [{ text: 'sys' }, { cachePoint: { type: 'default' } }],
  messages: [
    {
      role: 'user',
      content: [
        { text: 'hello' },
        { document: { name: 'd', format: 'txt', source: { text: 'doc text' }, context: 'doc context' } },
        { document: { name: 'd', format: 'pdf', source: { bytes: 'aGk=' } } },
        { guardContent: { text: { text: 'guarded' } } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'thought', signature: 'c2ln' } } },
        { reasoningContent: { redactedContent: 'c2ln' } },
        { toolUse: { toolUseId: 'a', name: 'look', input: { city: 'Paris', deep: [{ a: 'b' }] } } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          toolResult: {
            toolUseId: 'a',
            content: [{ text: 'res' }, { json: { k: 'v' } }, { image: { format: 'png', source: { bytes: 'aGk=' } } }],
          },
        },
      ],
    },
  ],
  toolConfig: { tools: [{ toolSpec: { name: 'look', description: 'desc', inputSchema: { json: { type: 'object' } } } }] },
  promptVariables: { city: { text: 'Rome' } },
  somethingNew: { text: 'untouched' },
}

describe('the lens on Bedrock', () => {
  it.each<[JsonObject, string]>([
    [{ searchResult: { source: 's', title: 'T', content: [] } }, 'text'],
    [{ citationsContent: { citations: [{ title: 'T' }] } }, 'text'],
    [{ toolResult: { content: [{ searchResult: { source: 's', title: 'T' } }] } }, 'tool-result'],
    [{ toolResult: { content: [{ document: { name: 'd', context: 'T' } }] } }, 'tool-result'],
  ])('sees what stands beside the contents of documents: %o', (block, kind) => {
    expect(seen(lens.replaceRequest, { messages: [{ role: 'user', content: [block] }] })).toEqual([['T', kind]])
  })

  it('sees every text of a request, and no name, signature or bytes', () => {
    expect(seen(lens.replaceRequest, request).sort()).toEqual([
      ['Paris', 'arguments'],
      ['Rome', 'text'],
      ['b', 'arguments'],
      ['desc', 'description'],
      ['doc context', 'text'],
      ['doc text', 'text'],
      ['guarded', 'text'],
      ['hello', 'text'],
      ['res', 'tool-result'],
      ['sys', 'text'],
      ['thought', 'reasoning'],
      ['v', 'tool-result'],
    ])
  })

  it('replaces in place, and leaves the rest as it was', () => {
    const replaced = lens.replaceRequest(request, (text) => (text === 'Paris' ? '<CITY>' : text)) as typeof request
    const text = JSON.stringify(replaced)
    expect(text).toBe(JSON.stringify(request).replace('"Paris"', '"<CITY>"'))
    expect(replaced.toolConfig).toBe(request.toolConfig)
  })

  it('sees the texts of an answer', () => {
    const body = answer([
      { text: 'hi' },
      { toolUse: { toolUseId: 'a', name: 'look', input: { q: 'x' } } },
      { citationsContent: { content: [{ text: 'cited' }], citations: [{ title: 't', sourceContent: [{ text: 'source' }] }] } },
    ])
    expect(seen(lens.replaceResponse, body as unknown as JsonObject)).toEqual([
      ['hi', 'text'],
      ['x', 'arguments'],
      ['cited', 'text'],
      ['t', 'text'],
      ['source', 'text'],
    ])
  })

  it.each([
    [{ text: 'hi' }, ['hi', 'text']],
    [{ toolUse: { input: '{"a":' } }, ['{"a":', 'arguments']],
    [{ reasoningContent: { text: 'hm' } }, ['hm', 'reasoning']],
    [{ toolResult: [{ text: 'res' }] }, ['res', 'tool-result']],
  ])('sees the text of a stream event: %j', (delta, text) => {
    expect(seen(lens.replaceEvent, { contentBlockIndex: 0, delta, p: 'abc' })).toEqual([text])
  })

  it('sees a text in every recorded request, answer and stream', () => {
    for (const { request, response } of cassettes()) {
      expect(seen(lens.replaceRequest, request.body).length).toBeGreaterThan(0)
      if (response.status === 200 && response.body)
        expect(seen(lens.replaceResponse, response.body as JsonObject).length).toBeGreaterThan(0)
    }
    const { usage } = cassette('max-tokens').response.body as { usage: unknown }
    expect(lens.usage({ usage })).toMatchObject({ input: 13, output: 5 })
    expect(lens.usage('nonsense')).toBeUndefined()
  })
})

describe('the tap on a stream of Bedrock', () => {
  const tapped = (...events: WireEvent[]) => {
    const tap = lens.tap()
    for (const event of events) tap.see(event)
    return tap
  }

  it('knows when the answer begins, when it is whole, and what it used', () => {
    const tap = lens.tap()
    const states: [string | undefined, boolean, boolean][] = []
    const frames = awsEventStream.unframer((event) => {
      tap.see(event)
      states.push([event.event, tap.content, tap.terminal])
    })
    frames.push(bytesIn(cassette('model-stream-with')))
    expect(states[0]).toEqual(['messageStart', false, false])
    expect(states[1]).toEqual(['contentBlockDelta', true, false])
    expect(states.at(-2)).toEqual(['messageStop', true, true])
    expect(tap.usage).toMatchObject({ input: 2, output: 32 })
    expect(tap.error).toBeUndefined()
  })

  it('counts an answer without content as begun when it is whole', () => {
    expect(tapped({ event: 'messageStop', data: '{}' })).toMatchObject({ content: true, terminal: true })
  })

  it('records nonsense as an error', () => {
    const tap = bedrockConverse.lens.tap()
    tap.see({ event: 'contentBlockDelta', data: '{"delta":' })
    expect(tap).toMatchObject({ terminal: false, error: { code: 'upstream_malformed' } })
  })

  it('records an exception', () => {
    const tap = tapped({ event: 'throttlingException', data: '{"message":"slow"}' })
    expect(tap.error).toMatchObject({ code: 'rate_limited', detail: 'slow' })
    expect(tap).toMatchObject({ content: false, terminal: false })
  })

  it('keeps the usage it has when a later event has none', () => {
    const tap = tapped(
      { event: 'metadata', data: '{"usage":{"inputTokens":1}}' },
      { event: 'metadata', data: '{}' },
      { event: 'metadata', data: 'x' },
    )
    expect(tap.usage).toMatchObject({ input: 1 })
  })
})
