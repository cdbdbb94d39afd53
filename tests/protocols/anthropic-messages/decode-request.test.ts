import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest } from '../../../src/core/message.js'
import { decode, downstream, encode, exchange, exchanges, hello } from './kit.js'

const tool = (id: string, content?: string | JsonObject[], more: JsonObject = {}): JsonObject => ({
  type: 'tool_result',
  tool_use_id: id,
  ...(content !== undefined && { content }),
  ...more,
})
const call = (id: string, name: string, input: JsonObject = {}): JsonObject => ({ type: 'tool_use', id, name, input })

describe('a request from a caller of this API', () => {
  it('is read whole', () => {
    const { request, losses } = decode({
      system: 'be brief',
      temperature: 0.3,
      top_p: 0.9,
      top_k: 4,
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      service_tier: 'standard_only',
      stream: true,
      anthropic_version: 'vertex-2023-10-16',
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    })
    expect(request).toEqual({
      messages: [{ role: 'system', content: [{ type: 'text', text: 'be brief' }] }, ...hello],
      maxTokens: 100,
      temperature: 0.3,
      topP: 0.9,
      topK: 4,
      stop: ['END'],
      user: 'u1',
      serviceTier: 'default',
      responseFormat: { type: 'json-schema', name: 'response', schema: { type: 'object' }, strict: true },
    })
    expect(losses).toEqual([])
  })

  it('reports each member that is known to Anthropic alone', () => {
    const { losses } = decode({
      mcp_servers: [],
      container: 'c1',
      context_management: {},
      inference_geo: 'eu',
      speed: 'fast',
      metadata: { user_id: 'u', team: 't' },
      output_config: { effort: 'low', task_budget: {} },
      diagnostics: null,
    })
    expect(losses).toEqual([
      'dropped mcp_servers',
      'dropped container',
      'dropped context_management',
      'dropped inference_geo',
      'dropped speed',
      'dropped output_config.task_budget',
      'dropped metadata.team',
    ])
  })

  it('reports the members of blocks that are known to Anthropic alone, and not those that an answer has', () => {
    const call = { type: 'tool_use', id: 't1', name: 'f', input: {}, caller: { type: 'direct' }, toolset_name: 'set' }
    const text = { type: 'text', text: 'Hm', citations: null, parsed_output: { a: 1 }, mood: 'calm' }
    const found = { type: 'search_result', source: 's', title: 't', content: [], citations: { enabled: true } }
    const result = { type: 'tool_result', tool_use_id: 't1', toolset_name: 'set', content: [{ ...text, citations: [] }, found] }
    expect(
      decode({
        system: [{ type: 'text', text: 'Be brief.', weight: 2 }],
        messages: [
          { role: 'assistant', content: [{ type: 'thinking', thinking: '', signature: 's', depth: 1 }, text, call] },
          { role: 'user', content: [result] },
        ],
      }).losses,
    ).toEqual([
      'dropped system[0].weight',
      'dropped messages[0].content[0].depth',
      'dropped messages[0].content[1].mood',
      'dropped messages[0].content[2].toolset_name',
      'dropped messages[1].content[0].toolset_name',
      'dropped messages[1].content[0].content[0].mood',
      'approximated messages[1].content[0].content[1]',
      'dropped messages[1].content[0].content[1].citations',
    ])
  })

  it('reports the members of messages and images that are known to Anthropic alone', () => {
    const image = {
      type: 'image',
      source: { type: 'url', url: 'https://x.test/a.png' },
      transformations: { oversized: 'reject' },
    }
    expect(decode({ messages: [{ role: 'user', content: [image], output_config: { effort: 'low' } }] }).losses).toEqual([
      'dropped messages[0].output_config',
      'dropped messages[0].content[0].transformations',
    ])
  })

  it('reports what thinking is bound to, which is known to Anthropic alone', () => {
    const thinking = { type: 'adaptive', display: 'summarized', block_binding: { prefix_mismatch_behavior: 'drop_block' } }
    expect(decode({ thinking })).toMatchObject({
      request: { reasoning: { show: true } },
      losses: ['dropped thinking.block_binding'],
    })
  })

  it('takes the older name of the output format', () => {
    expect(decode({ output_format: { type: 'json_schema', schema: {} } }).request.responseFormat).toMatchObject({
      type: 'json-schema',
    })
  })

  it('has its system as blocks, with their cache, and between the turns', () => {
    const { request } = decode({
      system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: 'b' },
        { role: 'system', content: 'c' },
      ],
    })
    expect(request.messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'a', cache: { ttl: '1h' } }] },
      { role: 'user', content: [{ type: 'text', text: 'b' }] },
      { role: 'system', content: [{ type: 'text', text: 'c' }] },
    ])
  })

  it('groups the results of a turn in one message, in front of what the user says, and names them', () => {
    const { request } = decode({
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: [call('t1', 'f', { a: 1 }), call('t2', 'g')] },
        {
          role: 'user',
          content: [
            tool('t1', 'one'),
            tool('t2', [{ type: 'text', text: 'two' }], { is_error: true }),
            { type: 'text', text: 'and?' },
          ],
        },
      ],
    })
    expect(request.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'tool-call', id: 't1', name: 'f', arguments: '{"a":1}' },
          { type: 'tool-call', id: 't2', name: 'g', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 't1', name: 'f', content: [{ type: 'text', text: 'one' }] },
          { type: 'tool-result', id: 't2', name: 'g', content: [{ type: 'text', text: 'two' }], isError: true },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'and?' }] },
    ])
  })

  it('groups results that came in two turns of the user', () => {
    const { request } = decode({
      messages: [
        { role: 'assistant', content: [call('t1', 'f'), call('t2', 'f')] },
        { role: 'user', content: [tool('t1', 'one')] },
        { role: 'user', content: [tool('t2')] },
      ],
    })
    expect(request.messages[1]).toMatchObject({ role: 'tool', content: [{ id: 't1' }, { id: 't2', content: [] }] })
    expect(request.messages).toHaveLength(2)
  })

  it('keeps images and documents of a result as media, and tells as text what was found, tools too', () => {
    const { request, losses } = decode({
      messages: [
        {
          role: 'user',
          content: [
            tool('t1', [
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
              { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' }, title: 'a' },
              { type: 'search_result', title: 'T', source: 'https://x.test', content: [{ type: 'text', text: 'found' }] },
              { type: 'tool_reference', tool_name: 'f' },
            ]),
          ],
        },
      ],
    })
    expect(request.messages).toEqual([
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            id: 't1',
            content: [
              { type: 'image', source: { kind: 'base64', data: 'QUJD', mediaType: 'image/png' } },
              { type: 'file', source: { kind: 'url', url: 'https://x.test/a.pdf' }, mediaType: 'application/pdf', name: 'a' },
              { type: 'text', text: 'T\nhttps://x.test\nfound' },
              { type: 'text', text: 'The tool "f" can be called now.' },
            ],
          },
        ],
      },
    ])
    expect(losses).toEqual(['approximated messages[0].content[0].content[2]', 'approximated messages[0].content[0].content[3]'])
  })

  it('reads a document in blocks as one text, with its mark for the cache, and says what it left out', () => {
    const cache_control = { type: 'ephemeral' }
    const source = (...content: object[]) => ({ type: 'document', source: { type: 'content', content }, cache_control })
    const text = (text: string) => ({ type: 'text', text })
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
    const { request, losses } = decode({
      messages: [{ role: 'user', content: [source(text('a')), source(text('b'), text('c'), image)] }],
    } as unknown as JsonObject)
    const file = (text: string) => ({ type: 'file', source: { kind: 'text', text }, cache: {} })
    expect(request.messages[0]?.content).toMatchObject([file('a'), file('b\n\nc')])
    expect(losses).toEqual([
      'dropped messages[0].content[1].source.content',
      'approximated messages[0].content[1].source.content',
    ])
  })

  it('leaves out what is no text where only text is carried, and says so', () => {
    const { request, losses } = decode({
      system: [{ type: 'image' }, { type: 'text', text: 'Hi' }],
      messages: [{ role: 'user', content: 'a' }],
    })
    expect(request.messages[0]?.content).toEqual([{ type: 'text', text: 'Hi' }])
    expect(losses).toEqual(['dropped system[0]'])
  })

  it('reads images and documents of every source', () => {
    const { request, losses } = decode({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
            { type: 'image', source: { type: 'file', file_id: 'file_1' } },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } },
            {
              type: 'document',
              source: { type: 'text', media_type: 'text/plain', data: 'plain' },
              citations: { enabled: true },
              context: 'old',
            },
            {
              type: 'document',
              source: {
                type: 'content',
                content: [
                  { type: 'text', text: 'a' },
                  { type: 'text', text: 'b' },
                ],
              },
            },
            { type: 'document', source: { type: 'of_tomorrow' } },
            { type: 'container_upload', file_id: 'file_2' },
          ],
        },
      ],
    })
    expect(request.messages[0]?.content).toEqual([
      { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } },
      { type: 'image', source: { kind: 'file-id', id: 'file_1' } },
      { type: 'file', source: { kind: 'base64', data: 'JVBE', mediaType: 'application/pdf' } },
      { type: 'file', source: { kind: 'text', text: 'plain' }, mediaType: 'text/plain' },
      { type: 'file', source: { kind: 'text', text: 'a\n\nb' }, mediaType: 'text/plain' },
    ])
    expect(losses).toEqual([
      'dropped messages[0].content[3].citations',
      'dropped messages[0].content[3].context',
      'approximated messages[0].content[4].source.content',
      'dropped messages[0].content[5]',
      'dropped messages[0].content[6]',
    ])
  })

  it('marks its last block, when the request itself is to be cached', () => {
    const { request } = decode({ cache_control: { type: 'ephemeral', ttl: '1h' }, system: 'a' })
    expect(request.messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'a' }] },
      { role: 'user', content: [{ type: 'text', text: 'hello', cache: { ttl: '1h' } }] },
    ])
  })

  it('has a cache without a time to live, or with one that is unknown, at the vendor’s own', () => {
    for (const ttl of [undefined, '2h']) {
      const block = { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ...(ttl && { ttl }) } }
      expect(decode({ messages: [{ role: 'user', content: [block] }] }).request.messages[0]?.content).toEqual([
        { type: 'text', text: 'a', cache: {} },
      ])
    }
  })

  it('keeps the thinking of the history, signed and redacted', () => {
    const { request } = decode({
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: '', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'ZGF0YQ==' },
            { type: 'text', text: 'so' },
          ],
        },
      ],
    })
    expect(request.messages[0]?.content).toEqual([
      { type: 'reasoning', text: '', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
      { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'ZGF0YQ==' } },
      { type: 'text', text: 'so' },
    ])
  })

  it('tells the summary that Anthropic made of what was said before, which may be all that is left of it', () => {
    const compaction = (content: string | null) => [
      {
        role: 'assistant',
        content: [
          { type: 'compaction', content, encrypted_content: 'x' },
          { type: 'text', text: 'So.' },
        ],
      },
      { role: 'user', content: 'Go on.' },
    ]
    const told = decode({ messages: compaction('They spoke of moons.') })
    expect(told.request.messages[0]?.content).toEqual([
      { type: 'text', text: 'They spoke of moons.' },
      { type: 'text', text: 'So.' },
    ])
    expect(told.losses).toEqual(['approximated messages[0].content[0]'])
    expect(decode({ messages: compaction(null) }).losses).toEqual(['dropped messages[0].content[0]'])
  })

  it('reports the records of tools that ran at Anthropic', () => {
    const { body } = exchange('code-execution-files').request
    const { losses } = decode(body)
    const assistant = (body.messages as { role: string; content: { type: string }[] }[])[1]
    const ran = assistant?.content.flatMap(({ type }, at) =>
      /server_tool|tool_result/.test(type) ? [`dropped messages[1].content[${at}]`] : [],
    )
    expect(ran?.length).toBeGreaterThan(0)
    expect(losses).toEqual(expect.arrayContaining(ran ?? []))
  })

  it.each<[string, JsonObject]>([
    ['messages', { messages: [] }],
    ['messages', { messages: 'hello' }],
    ['messages[0].role', { messages: [{ role: 'robot', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['messages[0].content[0].tool_use_id', { messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }],
    ['messages[0].content[0]', { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'x' }] }] }],
    ['max_tokens', { max_tokens: 'many' }],
    ['stop_sequences', { stop_sequences: 'END' }],
    ['output_config.format', { output_config: { format: { type: 'xml' } } }],
  ])('is refused when %s cannot be read', (param, body) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
  })
})

describe('a recorded request', () => {
  it.each(exchanges)('says the same after a way through the neutral model: $name', ({ request: { body } }) => {
    const { request } = decode(body)
    const again = decode(encode(request, { model: String(body.model), stream: body.stream === true }).body)
    expect(texts(again.request)).toEqual(texts(request))
    expect(again.request.tools).toEqual(request.tools)
    expect(again.request.responseFormat).toEqual(request.responseFormat)
    expect(again.losses).toEqual([])
  })
})

function texts({ messages }: ChatRequest): unknown[] {
  return messages.flatMap(({ role, content }) => content.map((part) => [role, part.type, 'text' in part ? part.text : part]))
}

describe('any JSON', () => {
  it('is read or refused with a reason, and never breaks', () => {
    const content = fc.oneof(
      fc.string(),
      fc.array(fc.record({ type: fc.constantFrom('text', 'image', 'document', 'thinking', 'tool_use', 'x') })),
      fc.jsonValue(),
    )
    const message = fc.record({ role: fc.constantFrom('user', 'assistant', 'system', 'x'), content })
    const body = fc.record({
      messages: fc.oneof(fc.array(message), fc.jsonValue()),
      tools: fc.jsonValue(),
      thinking: fc.jsonValue(),
      system: fc.jsonValue(),
    })
    fc.assert(
      fc.property(body, (any) => {
        try {
          downstream.decodeRequest(any as JsonObject, () => {})
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_request' })
        }
      }),
    )
  })
})
