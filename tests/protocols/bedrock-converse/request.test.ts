import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AssistantPart, ChatRequest, Message, ToolResultPart, UserPart } from '../../../src/core/message.js'
import { asAwsSends, assistant, encode, models, results, user } from './bedrock.js'

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }

describe('a request to Bedrock', () => {
  it('has the system prompt apart, and the messages as turns', () => {
    const { body, losses } = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        user('Hi'),
        assistant({ type: 'text', text: 'Hello.' }),
        user('Bye'),
      ],
      maxTokens: 100,
      temperature: 0.3,
      stop: ['END'],
    })
    expect(body).toEqual({
      messages: [
        { role: 'user', content: [{ text: 'Hi' }] },
        { role: 'assistant', content: [{ text: 'Hello.' }] },
        { role: 'user', content: [{ text: 'Bye' }] },
      ],
      system: [{ text: 'Be brief.' }],
      inferenceConfig: { maxTokens: 100, temperature: 0.3, stopSequences: ['END'] },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
    })
    expect(losses).toEqual([])
  })

  it('leaves out what nobody asked for', () => {
    expect(encode({}).body).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] })
  })

  it('asks for the stop sequence that was met only where the model tells it', () => {
    expect(encode({ stop: ['END'] }, models.nova).body).not.toHaveProperty('additionalModelResponseFieldPaths')
  })

  it('is refused before it is sent when there is nothing to say', () => {
    for (const messages of [[], [{ role: 'system', content: [{ type: 'text', text: 'Be brief.' }] } as const], [user('  ')]]) {
      expect(() => encode({ messages })).toThrowError(expect.objectContaining({ code: 'invalid_request', param: 'messages' }))
    }
  })

  it('serialises to the same bytes twice, in the caller’s order', () => {
    const request: Partial<ChatRequest> = {
      tools: [
        { name: 'zebra', parameters: { type: 'object', properties: { z: {}, a: {} }, $schema: 'x' } },
        { name: 'ant', parameters: { properties: {}, type: 'object' } },
      ],
      metadata: { z: '1', a: '2' },
    }
    const text = JSON.stringify(encode(request).body)
    expect(JSON.stringify(encode(request).body)).toBe(text)
    expect(text).toContain('{"type":"object","properties":{"z":{},"a":{}},"$schema":"x"}')
    expect(text.indexOf('zebra')).toBeLessThan(text.indexOf('ant'))
    expect(text).toContain('"requestMetadata":{"z":"1","a":"2"}')
  })
})

describe('sampling', () => {
  it('is bounded by what Bedrock takes', () => {
    const { body, lost } = encode({ temperature: 1.4 })
    expect(body.inferenceConfig).toEqual({ temperature: 1 })
    expect(lost).toEqual(['approximated temperature'])
  })

  it('keeps temperature and drops top_p where a model takes one of them', () => {
    const { body, lost } = encode({ temperature: 0.2, topP: 0.9 })
    expect(body.inferenceConfig).toEqual({ temperature: 0.2 })
    expect(lost).toEqual(['dropped top_p'])
    expect(encode({ temperature: 0.2, topP: 0.9 }, models.nova)).toMatchObject({
      body: { inferenceConfig: { temperature: 0.2, topP: 0.9 } },
      losses: [],
    })
  })

  it('is dropped where a model refuses it, without a word when it asked for the usual', () => {
    const { body, lost } = encode({ temperature: 0.2, topP: 1, topK: 5, maxTokens: 7 }, models.claude48)
    expect(body.inferenceConfig).toEqual({ maxTokens: 7 })
    expect(body).not.toHaveProperty('additionalModelRequestFields')
    expect(lost).toEqual(['dropped temperature', 'dropped top_k'])
  })

  it('puts top_k where each maker looks for it', () => {
    expect(encode({ topK: 5 }, models.claude37).body.additionalModelRequestFields).toEqual({ top_k: 5 })
    expect(encode({ topK: 5 }, models.nova).body.additionalModelRequestFields).toEqual({ inferenceConfig: { topK: 5 } })
    const { body, lost } = encode({ topK: 5 }, models.llama)
    expect(body).not.toHaveProperty('additionalModelRequestFields')
    expect(lost).toEqual(['dropped top_k'])
  })

  it('reports each member that Bedrock has no word for', () => {
    const { lost } = encode({
      n: 2,
      seed: 7,
      presencePenalty: 1,
      frequencyPenalty: 1,
      logitBias: { '5': 1 },
      logprobs: true,
      user: 'u1',
    })
    expect(lost.sort()).toEqual(
      ['frequency_penalty', 'logit_bias', 'logprobs', 'n', 'presence_penalty', 'seed', 'user'].map((name) => `dropped ${name}`),
    )
  })

  it('reports nothing for members that ask for the usual', () => {
    const { lost } = encode({
      n: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      logitBias: {},
      logprobs: false,
      serviceTier: 'auto',
    })
    expect(lost).toEqual([])
  })

  it('carries metadata that AWS takes, and reports the rest', () => {
    const { body, lost } = encode({ metadata: { team: 'search', note: 'ünïcode', '': 'x' } })
    expect(body.requestMetadata).toEqual({ team: 'search' })
    expect(lost).toEqual(['dropped metadata.note', 'dropped metadata.'])
  })

  it('carries the service tiers that Bedrock sells', () => {
    expect(encode({ serviceTier: 'flex' }).body.serviceTier).toEqual({ type: 'flex' })
    expect(encode({ serviceTier: 'scale' })).toMatchObject({ lost: ['dropped service_tier'] })
  })
})

describe('structured output', () => {
  const format = { type: 'json-schema', name: 'place', description: 'A place', schema } as const

  it('is asked for natively', () => {
    const { body, losses } = encode({ responseFormat: format })
    expect(body.outputConfig).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { schema: JSON.stringify(schema), name: 'place', description: 'A place' } },
      },
    })
    expect(losses).toEqual([])
  })

  it('closes every open object, as Bedrock demands, and says so', () => {
    const open = {
      type: 'object',
      properties: {
        a: { type: 'array', items: { type: 'object', properties: {} } },
        b: { anyOf: [{ $ref: '#/$defs/c' }, { type: 'null' }] },
      },
      $defs: { c: { properties: { d: { type: 'string' } } } },
    }
    const { body, lost } = encode({ responseFormat: { ...format, schema: open } })
    const sent = body.outputConfig as { textFormat: { structure: { jsonSchema: { schema: string } } } }
    expect(JSON.parse(sent.textFormat.structure.jsonSchema.schema)).toEqual({
      type: 'object',
      properties: {
        a: { type: 'array', items: { type: 'object', properties: {}, additionalProperties: false } },
        b: { anyOf: [{ $ref: '#/$defs/c' }, { type: 'null' }] },
      },
      $defs: { c: { properties: { d: { type: 'string' } }, additionalProperties: false } },
      additionalProperties: false,
    })
    expect(lost).toEqual(['approximated response_format.json_schema.schema'])
  })

  it('tells constraints that Bedrock refuses in the descriptions, and says so', () => {
    const bounded = { ...schema, properties: { city: { type: 'string', minLength: 2 }, near: { type: 'array', maxItems: 3 } } }
    const { body, lost } = encode({ responseFormat: { ...format, schema: bounded } })
    const sent = body.outputConfig as { textFormat: { structure: { jsonSchema: { schema: string } } } }
    expect(JSON.parse(sent.textFormat.structure.jsonSchema.schema).properties).toEqual({
      city: { type: 'string', description: '{minLength: 2}' },
      near: { type: 'array', description: '{maxItems: 3}' },
    })
    const at = 'approximated response_format.json_schema.schema'
    expect(lost).toEqual([`${at}.properties.city.minLength`, `${at}.properties.near.maxItems`, at])
  })

  it('tells a schema that holds itself in words, for no model can be held to it', () => {
    const { body, lost } = encode({ responseFormat: { ...format, schema: { type: 'array', items: { $ref: '#' } } } })
    expect(body).not.toHaveProperty('outputConfig')
    expect(body.system).toEqual([{ text: expect.stringContaining('{"$ref":"#"}') }])
    expect(lost).toEqual(['approximated response_format'])
  })

  it('tells the schema to a model that cannot be held to it, and says so', () => {
    const { body, lost } = encode({ responseFormat: format }, models.nova)
    expect(body).not.toHaveProperty('outputConfig')
    expect(body.system).toEqual([{ text: expect.stringMatching(/^A place\n/) }])
    expect(body.system).toEqual([{ text: expect.stringContaining(JSON.stringify(schema)) }])
    expect(lost).toEqual(['approximated response_format'])
  })

  it('asks for JSON in words where no schema was given', () => {
    const { body, lost } = encode({ responseFormat: { type: 'json' } })
    expect(body.system).toEqual([{ text: 'Answer with one JSON object and nothing else.' }])
    expect(lost).toEqual(['approximated response_format'])
  })

  it('is nothing to ask for when it is text', () => {
    expect(encode({ responseFormat: { type: 'text' } }).body).toEqual(encode({}).body)
  })
})

describe('any request', () => {
  const text = fc
    .oneof(fc.constantFrom('', ' ', 'word'), fc.string({ maxLength: 5 }))
    .map((text) => ({ type: 'text', text }) as const)
  const image = fc.constant({ type: 'image', source: { kind: 'base64', data: 'aGk=', mediaType: 'image/png' } } as const)
  const file = fc
    .record({ name: fc.string({ maxLength: 8 }) })
    .map(({ name }) => ({ type: 'file', name, source: { kind: 'base64', data: 'aGk=', mediaType: 'application/pdf' } }) as const)
  const id = fc.constantFrom('call_1', 'call:2', 'fc.3')
  const call = fc
    .record({ id, name: fc.constantFrom('look', 'find'), arguments: fc.constantFrom('{}', '', '{"a":1}', '{"a":', '[1]') })
    .map((call): AssistantPart => ({ type: 'tool-call', ...call }))
  const reasoning = fc.constantFrom<AssistantPart>(
    { type: 'reasoning', text: 'hm', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
    { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
    { type: 'reasoning', text: 'hm', signature: { format: 'google-gemini-v1', value: 'c2ln' } },
    { type: 'reasoning', text: 'hm' },
  )
  const result = fc
    .record({ id, content: fc.array(fc.oneof(text, image, file), { maxLength: 2 }), isError: fc.boolean() })
    .map((result): ToolResultPart => ({ type: 'tool-result', ...result }))
  const message = fc.oneof(
    fc.array(text, { maxLength: 2 }).map((content): Message => ({ role: 'system', content })),
    fc
      .array(fc.oneof<fc.Arbitrary<UserPart>[]>(text, image, file), { maxLength: 3 })
      .map((content): Message => ({ role: 'user', content })),
    fc.array(fc.oneof(text, call, reasoning), { maxLength: 4 }).map((content) => assistant(...content)),
    fc.array(result, { minLength: 1, maxLength: 3 }).map((content) => results(...content)),
  )
  const request = fc.record(
    {
      messages: fc.array(message, { maxLength: 6 }).map((messages) => [...messages, user('Go')]),
      tools: fc.constantFrom([{ name: 'look' }], []),
      toolChoice: fc.constantFrom<NonNullable<ChatRequest['toolChoice']>>(
        { type: 'auto' },
        { type: 'none' },
        { type: 'required' },
      ),
      reasoning: fc.constantFrom({ effort: 'high' } as const, { budget: 2000 }),
      temperature: fc.constantFrom(0, 1, 2),
      maxTokens: fc.constantFrom(1, 5000),
    },
    { requiredKeys: ['messages'] },
  )
  const anyModel = fc.constantFrom(...Object.values(models))

  it('alternates roles, begins with the user, has no blank text, and orders what each turn holds', () => {
    fc.assert(
      fc.property(request, anyModel, (request, model) => {
        const { body } = encode(request, model)
        const { messages } = body
        expect(messages[0]?.role).toBe('user')
        for (const [at, { role, content }] of messages.entries()) {
          expect(role).not.toBe(messages[at - 1]?.role)
          expect(content.length).toBeGreaterThan(0)
          for (const block of content) if ('text' in block) expect((block.text as string).trim()).not.toBe('')
          const kinds = content.map((block) => Object.keys(block)[0])
          const afterCalls = kinds.slice(kinds.indexOf('toolUse')).filter((kind) => kind !== 'toolUse')
          if (kinds.includes('toolUse')) expect(afterCalls).toEqual([])
          if (kinds.includes('toolResult'))
            expect(kinds.slice(0, kinds.lastIndexOf('toolResult') + 1)).toEqual(kinds.filter((kind) => kind === 'toolResult'))
          if (kinds.includes('reasoningContent')) expect(kinds[0]).toBe('reasoningContent')
          if (role === 'user' && kinds.includes('document')) expect(kinds).toContain('text')
        }
        const documents = messages.flatMap(({ content }) =>
          content.flatMap((block) => (block.document ? [(block.document as { name: string }).name] : [])),
        )
        expect(new Set(documents).size).toBe(documents.length)
        if (JSON.stringify(messages).includes('"toolUse"'))
          expect((body.toolConfig as { tools: unknown[] }).tools).not.toEqual([])
      }),
    )
  })

  it('is judged by an SDK that leaves out what it does not know', async () => {
    expect(await asAwsSends({ messages: [{ role: 'user', content: [{ text: 'Hi', colour: 'red' }] }], mood: 'good' })).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
    })
  })

  it('says only what AWS’s own SDK knows how to say', async () => {
    await fc.assert(
      fc.asyncProperty(request, anyModel, async (request, model) => {
        const { body } = encode(
          {
            ...request,
            stop: ['END'],
            metadata: { a: 'b' },
            serviceTier: 'flex',
            topK: 3,
            responseFormat: { type: 'json-schema', name: 'n', schema },
          },
          model,
        )
        expect(await asAwsSends(body as never)).toEqual(JSON.parse(JSON.stringify(body)))
      }),
      { numRuns: 60 },
    )
  })
})
