import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message } from '../../../src/core/message.js'
import { encode, hello, toolTurn } from './kit.js'

const user = (text: string) => ({ role: 'user', content: [{ type: 'text', text }] }) as const
const system = (text: string) => ({ role: 'system', content: [{ type: 'text', text }] }) as const
const assistant = (text: string) => ({ role: 'assistant', content: [{ type: 'text', text }] }) as const

describe('a request to Claude', () => {
  it('has a bound on its answer, which the vendor demands', () => {
    expect(encode({}).body).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 16_384,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    })
    expect(encode({}, { model: 'claude-3-haiku-20240307' }).body.max_tokens).toBe(4096)
    expect(encode({ maxTokens: 7 }).body.max_tokens).toBe(7)
  })

  it('is the same bytes each time', () => {
    const request: Partial<ChatRequest> = {
      messages: [system('a'), user('b'), ...toolTurn('t1'), user('c')],
      tools: [{ name: 'z', parameters: { type: 'object', properties: { b: {}, a: {} } } }, { name: 'a' }],
      responseFormat: {
        type: 'json-schema',
        name: 'x',
        schema: { type: 'object', properties: { b: { type: 'string' }, a: { type: 'string' } } },
      },
    }
    const { body } = encode(request)
    expect(JSON.stringify(encode(request).body)).toBe(JSON.stringify(body))
    expect(JSON.stringify(body.tools)).toMatch(/"z".*"b".*"a".*"a"/)
  })

  it('asks for a stream', () => {
    expect(encode({}, { stream: true }).body.stream).toBe(true)
    expect(encode({}).body).not.toHaveProperty('stream')
  })

  it('has its system messages apart, as blocks when one of them is cached', () => {
    expect(encode({ messages: [system('a'), ...hello] }).body.system).toBe('a')
    expect(encode({ messages: [system('a'), system('b'), ...hello] }).body.system).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
    const cached = { role: 'system', content: [{ type: 'text', text: 'a', cache: { ttl: '1h' } }] } as const
    expect(encode({ messages: [cached, ...hello] }).body.system).toEqual([
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ])
  })

  it('moves a later system message to the system prompt, and says so', () => {
    const { body, losses } = encode({ messages: [system('a'), user('b'), system('c')] })
    expect(body.system).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'c' },
    ])
    expect(body.messages).toHaveLength(1)
    expect(losses).toEqual(['approximated messages[2]'])
  })

  it('leaves a later system message where it stands, for a model that knows it there', () => {
    const messages = [system('a'), user('b'), system('c'), assistant('d'), user('e')]
    const { body, losses } = encode({ messages }, { model: 'claude-opus-5' })
    expect(body.messages).toMatchObject([
      { role: 'user' },
      { role: 'system', content: [{ text: 'c' }] },
      { role: 'assistant' },
      { role: 'user' },
    ])
    expect(losses).toEqual([])
    const misplaced = encode({ messages: [user('a'), assistant('b'), system('c'), user('d')] }, { model: 'claude-opus-5' })
    expect(misplaced.body.system).toBe('c')
    expect(misplaced.losses).toEqual(['approximated messages[2]'])
  })

  it('sends a system message as the user, when there is nobody else', () => {
    const { body, losses } = encode({ messages: [system('a')] })
    expect(body).toMatchObject({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] })
    expect(body).not.toHaveProperty('system')
    expect(losses).toEqual(['approximated messages'])
  })

  it('leaves out texts that say nothing, and turns that hold nothing else', () => {
    const { body, losses } = encode({ messages: [user('a'), assistant(''), user('b'), user(' \n')] })
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ])
    expect(losses).toEqual(['dropped messages[3].content[0]'])
  })

  it('merges neighbours of one role', () => {
    const { body } = encode({ messages: [user('a'), user('b'), assistant('c'), assistant('d'), user('e')] })
    expect(body.messages).toMatchObject([
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [{ text: 'c' }, { text: 'd' }] },
      { role: 'user', content: [{ text: 'e' }] },
    ])
  })

  it('continues an assistant message where the model does, without the white space at its end', () => {
    const { body, losses } = encode({ messages: [...hello, assistant('once ')] })
    expect(body.messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: [{ text: 'once' }] }])
    expect(losses).toEqual(['approximated messages'])
  })

  it.each([
    ['the model refuses it', { model: 'claude-opus-4-6' }],
    ['the provider refuses it', { traits: { supportsPrefill: false } }],
  ])('leaves the last assistant message out when %s', (_, over) => {
    const { body, losses } = encode({ messages: [...hello, assistant('once')] }, over)
    expect(body.messages).toHaveLength(1)
    expect(losses).toEqual(['dropped messages'])
  })

  it('carries images by address, data and file, and reports the detail', () => {
    const { body, losses } = encode({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' }, detail: 'high' },
            { type: 'image', source: { kind: 'base64', data: 'QUJD', mediaType: 'image/png' }, cache: {} },
            { type: 'image', source: { kind: 'file-id', id: 'file_1' } },
          ],
        },
      ],
    })
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
          {
            type: 'image',
            source: { type: 'base64', media_type: 'image/png', data: 'QUJD' },
            cache_control: { type: 'ephemeral' },
          },
          { type: 'image', source: { type: 'file', file_id: 'file_1' } },
        ],
      },
    ])
    expect(losses).toEqual(['dropped messages[0].content[0].image_url.detail'])
  })

  it('drops what nobody can fetch', () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image', source: { kind: 'url', url: 'gs://bucket/a.png' } },
        ],
      },
    ] as const
    expect(encode({ messages }).losses).toEqual(['dropped messages[0].content[1]'])
    const web = [{ role: 'user', content: [{ type: 'file', source: { kind: 'url', url: 'https://x.test/a.pdf' } }] }] as const
    expect(encode({ messages: web }, { traits: { imageUrls: false } }).losses).toEqual(['dropped messages[0].content[0]'])
  })

  it('carries documents: PDFs, text in any wrapping, addresses and files', () => {
    const { body, losses } = encode({
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'file',
              source: { kind: 'base64', data: 'JVBE', mediaType: 'application/pdf' },
              name: 'a.pdf',
              cache: { ttl: '5m' },
            },
            { type: 'file', source: { kind: 'url', url: 'https://x.test/a.pdf' } },
            { type: 'file', source: { kind: 'text', text: 'plain' }, name: 'b' },
            { type: 'file', source: { kind: 'base64', data: btoa('h\u00c3\u00a9'), mediaType: 'text/csv' } },
            { type: 'file', source: { kind: 'file-id', id: 'file_1' } },
            { type: 'file', source: { kind: 'base64', data: 'QUJD', mediaType: 'image/png' } },
            { type: 'file', source: { kind: 'base64', data: 'QUJD', mediaType: 'video/mp4' } },
          ],
        },
      ],
    })
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          {
            type: 'document',
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
            title: 'a.pdf',
            cache_control: { type: 'ephemeral', ttl: '5m' },
          },
          { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain' }, title: 'b' },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hé' } },
          { type: 'document', source: { type: 'file', file_id: 'file_1' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
        ],
      },
    ])
    expect(losses).toEqual(['dropped messages[0].content[6]'])
  })

  it('is refused where the text of a file is no base64', () => {
    const source = { kind: 'base64', data: '%%%', mediaType: 'text/plain' } as const
    expect(() => encode({ messages: [{ role: 'user', content: [{ type: 'file', source }] }] })).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[0]' }),
    )
  })

  it.each(['image/jpg', 'image/JPEG', 'IMAGE/JPG'])('spells the type of an image as Anthropic does: %s', (mediaType) => {
    const image = { type: 'image', source: { kind: 'base64', data: '/9j/', mediaType } } as const
    const { body } = encode({ messages: [{ role: 'user', content: [image] }] })
    expect(body.messages).toMatchObject([{ content: [{ source: { media_type: 'image/jpeg', data: '/9j/' } }] }])
  })

  it('keeps the marks for the cache of media, and sends an image that comes as a file as the image it is', () => {
    const cache = { ttl: '1h' } as const
    const source = { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } as const
    const { body, losses } = encode({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source, cache },
            { type: 'file', source, cache },
            { type: 'file', source: { kind: 'text', text: 'a' }, cache },
          ],
        },
      ],
    })
    const cache_control = { type: 'ephemeral', ttl: '1h' }
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' }, cache_control }
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          image,
          image,
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a' }, cache_control },
        ],
      },
    ])
    expect(losses).toEqual([])
  })

  it('reports what a format, thinking at the end of a turn and an earlier answer’s sources have no place for', () => {
    const signature = { format: 'anthropic-claude-v1', value: 'EqQB' } as const
    const described = { type: 'json-schema', name: 'x', description: 'Say it.', schema: { type: 'object' } } as const
    expect(encode({ messages: hello, responseFormat: described }).losses).toContain(
      'dropped response_format.json_schema.description',
    )
    const thought = { type: 'reasoning', text: 'hm', signature } as const
    const turn = { role: 'assistant', content: [thought, { type: 'text', text: 'a' }, thought] } as const
    const { body, losses } = encode({ messages: [...hello, turn, ...hello] })
    expect(body.messages).toMatchObject([{}, { content: [{ type: 'thinking' }, { type: 'text' }] }, {}])
    expect([(body.messages as { content: unknown[] }[])[1]?.content.length, losses]).toEqual([2, ['dropped messages']])
    const cited = {
      role: 'assistant',
      content: [{ type: 'text', text: 'a', citations: [{ url: 'https://a.example' }] }],
    } as const
    expect(encode({ messages: [...hello, cited, ...hello] }).losses).toEqual(['approximated messages[1].content[0].annotations'])
  })

  it('tells speech by its transcript, where there is one', () => {
    const spoken = { type: 'audio', source: { kind: 'base64', data: 'QUJD', mediaType: 'audio/wav' } } as const
    const { body, losses } = encode({ messages: [{ role: 'user', content: [{ ...spoken, transcript: 'hi' }, spoken] }] })
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }])
    expect(losses).toEqual(['approximated messages[0].content[0]', 'dropped messages[0].content[1]'])
  })

  it('reports all that Claude has no word for', () => {
    const { body, losses } = encode({
      seed: 1,
      presencePenalty: 0.5,
      frequencyPenalty: 0.5,
      logitBias: { 5: 1 },
      logprobs: true,
      topLogprobs: 2,
      n: 2,
      metadata: { a: 'b' },
      messages: [{ ...user('a'), name: 'ann' }],
    })
    expect(Object.keys(body)).toEqual(['model', 'max_tokens', 'messages'])
    expect(losses).toEqual([
      'dropped seed',
      'dropped presence_penalty',
      'dropped frequency_penalty',
      'dropped logit_bias',
      'dropped logprobs',
      'dropped top_logprobs',
      'dropped metadata',
      'dropped n',
      'dropped messages[0].name',
    ])
  })

  it('reports nothing for members that ask for nothing', () => {
    const nothing = { n: 1, presencePenalty: 0, frequencyPenalty: 0, logprobs: false, logitBias: {}, metadata: {}, stop: [] }
    expect(encode(nothing).losses).toEqual([])
  })

  it.each(['ada@example.com', 'Ada <ada@example.com>', '+44 20 7946 0958', '(555) 123-4567', 'x'.repeat(257)])(
    'does not name the user %s, whom Claude would refuse, but sends a hash that is always the same',
    (user) => {
      const { body, losses } = encode({ user })
      expect(body.metadata).toEqual({ user_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
      expect(encode({ user }).body).toEqual(body)
      expect(encode({ user: `${user}0` }).body).not.toEqual(body)
      expect(losses).toEqual(['approximated user'])
    },
  )

  it.each(['u1', '0190c1f2-6b2e-7c7e-8a53-2a4e8f0b1c2d', 'user_4711', 'x'.repeat(256)])('names the user %s as it is', (user) => {
    expect(encode({ user })).toMatchObject({ body: { metadata: { user_id: user } }, losses: [] })
  })

  it('names the user, the stop sequences and the tier', () => {
    const { body, losses } = encode({ user: 'u1', stop: ['END', ' '], serviceTier: 'default' })
    expect(body).toMatchObject({ metadata: { user_id: 'u1' }, stop_sequences: ['END'], service_tier: 'standard_only' })
    expect(losses).toEqual(['dropped stop'])
    expect(encode({ serviceTier: 'flex' }).losses).toEqual(['dropped service_tier'])
    expect(encode({ serviceTier: 'toString' }).losses).toEqual(['dropped service_tier'])
    expect(encode({ serviceTier: 'priority' })).toMatchObject({
      body: { service_tier: 'auto' },
      losses: ['approximated service_tier'],
    })
  })

  it('drops what its provider refuses', () => {
    const { body, losses } = encode(
      { temperature: 0.5, serviceTier: 'auto' },
      { traits: { refuses: ['service_tier', 'container'] } },
    )
    expect(body).not.toHaveProperty('service_tier')
    expect(body.temperature).toBe(0.5)
    expect(losses).toEqual(['dropped service_tier'])
  })
})

describe('any history', () => {
  const text = fc.constantFrom('a', '', ' ').map((text) => ({ type: 'text' as const, text }))
  const call = fc.constantFrom('1', '2').map((id) => ({ type: 'tool-call' as const, id, name: 'f', arguments: '{}' }))
  const signature = { format: 'anthropic-claude-v1', value: 'c2ln' } as const
  const thought = fc
    .constantFrom(signature, undefined)
    .map((signed) => ({ type: 'reasoning' as const, text: 't', ...(signed && { signature: signed }) }))
  const result = fc.constantFrom('1', '2').map((id) => ({ type: 'tool-result' as const, id, content: [] }))
  const message: fc.Arbitrary<Message> = fc.oneof(
    fc.record({ role: fc.constant('system' as const), content: fc.array(text) }),
    fc.record({ role: fc.constant('user' as const), content: fc.array(text) }),
    fc.record({ role: fc.constant('assistant' as const), content: fc.array(fc.oneof(text, call, thought)) }),
    fc.record({ role: fc.constant('tool' as const), content: fc.array(result, { minLength: 1 }) }),
  )
  const ranks: Record<string, number> = { thinking: 0, text: 1, tool_use: 2, tool_result: 0 }

  it('becomes turns in alternation, none of them empty, results first and calls last', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.constantFrom('claude-sonnet-4-5', 'claude-opus-5'),
        (messages, model) => {
          const turns = (encode({ messages }, { model }).body.messages ?? []) as {
            role: string
            content: { type: string; text?: string }[]
          }[]
          for (const [at, { role, content }] of turns.entries()) {
            expect(role).not.toBe(turns[at - 1]?.role)
            if (role === 'system')
              expect([turns[at - 1]?.role, turns[at + 1]?.role ?? 'assistant']).toEqual(['user', 'assistant'])
            expect(content.length).toBeGreaterThan(0)
            for (const block of content) if (block.type === 'text') expect(block.text?.trim()).not.toBe('')
            const types = content.map(({ type }) => type)
            const firstCall = types.indexOf('tool_use')
            if (firstCall >= 0) expect(types.lastIndexOf('text')).toBeLessThan(firstCall)
            if (types.includes('thinking')) expect(types[0]).toBe('thinking')
            expect(types.at(-1)).not.toBe('thinking')
            if (role === 'user') expect(types).toEqual(types.toSorted((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0)))
          }
          if (model === 'claude-opus-5' && turns.at(-1)?.role === 'assistant')
            expect(turns.at(-1)?.content.at(-1)?.type).toBe('tool_use')
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('sampling', () => {
  it('is carried where the model takes it', () => {
    expect(encode({ temperature: 0.2, topP: 0.9, topK: 5 }, { model: 'claude-sonnet-4-0' }).body).toMatchObject({
      temperature: 0.2,
      top_p: 0.9,
      top_k: 5,
    })
  })

  it('is no warmer than 1', () => {
    expect(encode({ temperature: 1.5 })).toMatchObject({ body: { temperature: 1 }, losses: ['approximated temperature'] })
  })

  it('is temperature or top_p, since Claude 4.1', () => {
    const { body, losses } = encode({ temperature: 0.2, topP: 0.9 }, { model: 'claude-opus-4-1-20250805' })
    expect(body).toMatchObject({ temperature: 0.2 })
    expect(losses).toEqual(['dropped top_p'])
  })

  it.each(['claude-opus-4-7', 'claude-sonnet-5', 'claude-haiku-5-5', 'claude-fable-5-2', 'us.anthropic.claude-opus-4-8-v1:0'])(
    'is refused by %s',
    (model) => {
      const { body, losses } = encode({ temperature: 0.2, topP: 0.9, topK: 5 }, { model })
      expect(Object.keys(body)).toEqual(['model', 'max_tokens', 'messages'])
      expect(losses).toEqual(['dropped temperature', 'dropped top_p', 'dropped top_k'])
      expect(encode({ temperature: 1, topP: 1 }, { model }).losses).toEqual([])
    },
  )
})

describe('structured output', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }

  it('is asked for by native means', () => {
    const { body, losses } = encode({ responseFormat: { type: 'json-schema', name: 'place', schema, strict: true } })
    expect(body.output_config).toEqual({ format: { type: 'json_schema', schema } })
    expect(losses).toEqual([])
  })

  it.each([
    ['an old model', { model: 'claude-sonnet-4-0' }],
    ['a provider without it', { traits: { structuredOutput: 'none' as const } }],
  ])('is asked for in words, of %s', (_, over) => {
    const { body, losses } = encode({ responseFormat: { type: 'json-schema', name: 'place', schema } }, over)
    expect(body).not.toHaveProperty('output_config')
    expect(body.system).toContain(JSON.stringify(schema))
    expect(losses).toEqual(['approximated response_format'])
  })

  it('tells a schema that holds itself in words, which it refuses to be held to', () => {
    const schema = { type: 'array', items: { $ref: '#' } }
    const { body, losses } = encode({ responseFormat: { type: 'json-schema', name: 'tree', schema } })
    expect(body).not.toHaveProperty('output_config')
    expect(JSON.stringify(body.system)).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1))
    expect(losses).toEqual(['approximated response_format'])
  })

  it('without a schema is asked for in words, after the system prompt', () => {
    const { body, losses } = encode({ messages: [system('a'), ...hello], responseFormat: { type: 'json' } })
    expect(body.system).toMatchObject([{ text: 'a' }, { text: expect.stringContaining('JSON') }])
    expect(losses).toEqual(['approximated response_format'])
  })
})
