import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatResponse, FinishReason } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { decodeContext } from '../../helpers/decode.js'
import { downstream, exchange, exchanges, hello, Losses, upstream } from './kit.js'

const wholes = exchanges.filter(({ response }) => response.body?.type === 'message')

const blocksIn = (body: JsonObject | undefined) => (body?.content ?? []) as { type: string }[]

function decode(body: unknown) {
  const losses = new Losses()
  return { response: upstream.decodeResponse(body, decodeContext({ lose: losses.lose })), losses: losses.list }
}

const encode = (response: Partial<ChatResponse>) =>
  downstream.encodeResponse({ id: 'msg_1', model: 'm', choices: [], ...response }, { messages: hello })

const said = (content: readonly AssistantPart[], finishReason: FinishReason = 'stop') =>
  encode({ choices: [{ content, finishReason }] })

describe('a recorded answer', () => {
  it.each(wholes)('keeps its text, calls and thinking: $name', ({ response: { body } }) => {
    const blocks = blocksIn(body)
    const { response, losses } = decode(body)
    expect(response).toMatchObject({ id: body?.id, model: body?.model, serviceTier: 'standard' })
    expect((response.choices[0]?.content.length ?? 0) + losses.length).toBe(blocks.length)
    expect(response.usage).toBeDefined()
  })

  it.each(wholes)('comes back as it was, but for what ran at Anthropic: $name', ({ response: { body } }) => {
    const { response } = decode(body)
    const again = downstream.encodeResponse(response, { messages: hello })
    const kept = blocksIn(body).filter(({ type }) => !/server_tool_use|_tool_result$/.test(type))
    expect(again).toMatchObject({ ...body, content: kept, usage: expect.anything(), container: null })
    expect(decode(again).response).toEqual(response)
  })

  it('names the stop sequence', () => {
    expect(decode(exchange('stop-settings').response.body).response.choices[0]).toMatchObject({
      finishReason: 'stop-sequence',
      stopSequence: 'Paris',
    })
  })

  it('holds parallel calls', () => {
    expect(decode(exchange('mixed-tools').response.body).response.choices[0]).toMatchObject({
      finishReason: 'tool-calls',
      content: [
        { type: 'tool-call', id: 'toolu_01XhRHVXkKSCMGnaoHjpKax8', name: 'lookup_country', arguments: '{"city":"Tokyo"}' },
        { type: 'tool-call', name: 'get_founded_year' },
      ],
    })
  })

  it('counts what was read from and written to the cache apart', () => {
    expect(decode(exchange('cache-prefix-stable').response.body).response.usage).toMatchObject({
      cacheRead: 14_714,
      cacheWrite: 379,
      cacheWrite1h: 0,
    })
  })
})

describe('an answer of Claude', () => {
  const message = {
    type: 'message',
    id: 'msg_1',
    model: 'm',
    role: 'assistant',
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 2 },
  }

  it.each([
    ['end_turn', 'tool-calls'],
    ['a_word_of_tomorrow', 'tool-calls'],
    ['max_tokens', 'length'],
  ])('with a call, and ended by %s, has the reason %s', (stop_reason, reason) => {
    const content = [{ type: 'tool_use', id: 'a', name: 'f', input: {} }]
    expect(decode({ ...message, content, stop_reason }).response.choices).toMatchObject([{ finishReason: reason }])
  })

  it('keeps its citations, each spanning the text it stands on', () => {
    const citations = [
      {
        type: 'char_location',
        cited_text: 'grass is green',
        document_index: 0,
        document_title: 'Doc',
        start_char_index: 0,
        end_char_index: 14,
      },
      {
        type: 'page_location',
        cited_text: 'p',
        document_index: 1,
        document_title: null,
        start_page_number: 1,
        end_page_number: 2,
      },
      {
        type: 'content_block_location',
        cited_text: 'b',
        document_index: 1,
        document_title: 'D2',
        start_block_index: 0,
        end_block_index: 1,
      },
      { type: 'web_search_result_location', cited_text: 'w', url: 'https://x.test', title: 'X', encrypted_index: 'abc' },
      {
        type: 'search_result_location',
        cited_text: 's',
        source: 'https://y.test',
        title: 'Y',
        search_result_index: 0,
        start_block_index: 0,
        end_block_index: 1,
      },
    ]
    const { response } = decode({ ...message, content: [{ type: 'text', text: 'green', citations }] })
    expect(response.choices[0]?.content).toEqual([
      {
        type: 'text',
        text: 'green',
        citations: [
          { title: 'Doc', quote: 'grass is green' },
          { quote: 'p' },
          { title: 'D2', quote: 'b' },
          { url: 'https://x.test', title: 'X', quote: 'w' },
          { url: 'https://y.test', title: 'Y', quote: 's' },
        ].map((known, at) => ({ ...known, start: 0, end: 5, raw: citations[at] })),
      },
    ])
    expect(encode(response)).toMatchObject({ content: [{ type: 'text', text: 'green', citations }] })
  })

  it('names the source of a search result that has no address', () => {
    const citations = [{ type: 'search_result_location', cited_text: 's', source: 'handbook', title: null }]
    const { response } = decode({ ...message, content: [{ type: 'text', text: 'green', citations }] })
    expect(response.choices[0]?.content).toEqual([
      { type: 'text', text: 'green', citations: [{ title: 'handbook', quote: 's', start: 0, end: 5, raw: citations[0] }] },
    ])
  })

  it('says why it refused', () => {
    const refused = {
      ...message,
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'cyber', explanation: 'No.' },
    }
    expect(decode(refused).response.choices).toEqual([{ content: [{ type: 'refusal', text: 'No.' }], finishReason: 'refusal' }])
  })

  it('is an error when it says so with a status of success', () => {
    expect(() => decode({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })).toThrow(
      expect.objectContaining({ code: 'overloaded', retryable: true }),
    )
  })

  it.each([[null], ['text'], [{}], [{ type: 'message', content: 'text' }]])('is malformed when it is %j', (body) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'upstream_malformed', retryable: true }))
  })
})

describe('an answer to a caller of this API', () => {
  it('is the message that the SDK types', () => {
    expect(
      encode({
        id: 'chatcmpl-1',
        model: 'gpt',
        choices: [
          {
            content: [
              { type: 'text', text: 'hi' },
              { type: 'tool-call', id: 'call_1', name: 'f', arguments: '{"a":1}' },
            ],
            finishReason: 'tool-calls',
          },
        ],
        usage: usageOf({ input: 10, cacheRead: 5, cacheWrite: 2, cacheWrite1h: 1, output: 7, reasoning: 3 }),
        serviceTier: 'priority',
      }),
    ).toEqual({
      id: 'msg_chatcmpl-1',
      type: 'message',
      role: 'assistant',
      model: 'gpt',
      content: [
        { type: 'text', text: 'hi', citations: null },
        { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 3,
        cache_read_input_tokens: 5,
        cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 1 },
        output_tokens: 10,
        output_tokens_details: { thinking_tokens: 3 },
        server_tool_use: null,
        service_tier: 'priority',
        inference_geo: null,
        speed: null,
      },
    })
  })

  it('has an id of this API when the vendor gave none', () => {
    expect(encode({ id: '' }).id).toMatch(/^msg_[a-z0-9]{8,}$/)
    expect(encode({ id: 'msg_a' }).id).toBe('msg_a')
  })

  it.each<[FinishReason, string]>([
    ['stop', 'end_turn'],
    ['stop-sequence', 'stop_sequence'],
    ['length', 'max_tokens'],
    ['tool-calls', 'tool_use'],
    ['content-filter', 'refusal'],
    ['refusal', 'refusal'],
    ['pause', 'pause_turn'],
    ['error', 'end_turn'],
    ['other', 'end_turn'],
  ])('that finished by %s stops by %s', (finish, stop) => {
    expect(said([{ type: 'text', text: 'x' }], finish).stop_reason).toBe(stop)
  })

  it('stops for its tools, though the vendor said "stop" after a forced one', () => {
    expect(said([{ type: 'tool-call', id: 'a', name: 'f', arguments: '{}' }], 'stop').stop_reason).toBe('tool_use')
    expect(said([{ type: 'tool-call', id: 'a', name: 'f', arguments: '{"a' }], 'length')).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ input: { invalid_arguments: '{"a' } }],
    })
  })

  it('refuses with the words of the refusal', () => {
    expect(said([{ type: 'refusal', text: 'No.' }])).toMatchObject({
      content: [{ type: 'text', text: 'No.' }],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', explanation: 'No.' },
    })
  })

  it('tells the citations of other vendors as search results', () => {
    const citations = [{ url: 'https://x.test', title: 'X', start: 0, end: 3, raw: { type: 'url_citation' } }]
    expect(said([{ type: 'text', text: 'one two', citations }]).content).toMatchObject([
      {
        citations: [
          { type: 'web_search_result_location', url: 'https://x.test', title: 'X', cited_text: 'one', encrypted_index: '' },
        ],
      },
    ])
  })

  it('tells a source without an address as one that was found elsewhere, and makes up no empty address', () => {
    const citations = [{ title: 'handbook.pdf', start: 4, end: 7, raw: { type: 'file_citation' } }]
    expect(said([{ type: 'text', text: 'one two', citations }]).content).toMatchObject([
      { citations: [{ type: 'search_result_location', source: 'handbook.pdf', title: 'handbook.pdf', cited_text: 'two' }] },
    ])
  })

  it('says in words what it cannot carry', () => {
    const source = { kind: 'base64', data: 'QUJD', mediaType: 'image/png' } as const
    expect(
      said([
        { type: 'image', source },
        { type: 'audio', source, transcript: 'hi' },
      ]).content,
    ).toMatchObject([
      { type: 'text', text: expect.stringContaining('an image') },
      { type: 'text', text: 'hi' },
    ])
  })

  it('leaves out an empty text, which could not be sent back', () => {
    expect(said([{ type: 'text', text: '' }]).content).toEqual([])
  })
})
