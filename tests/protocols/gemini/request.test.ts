import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, Message } from '../../../src/core/message.js'
import { contentsOf, decode, encode, say } from './support.js'

const ask = (over: Partial<ChatRequest>): ChatRequest => ({ messages: [say('Hi')], ...over })
const schema: JsonObject = { type: 'object', properties: { city: { type: 'string' } } }
const format = { type: 'json-schema', name: 'answer', schema } as const

describe('settings sent to Gemini', () => {
  it('are Google’s words for them', () => {
    const { body, losses } = encode(
      ask({
        temperature: 0,
        topP: 0.9,
        topK: 40,
        maxTokens: 100,
        n: 2,
        stop: ['END'],
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        logprobs: true,
        topLogprobs: 3,
        serviceTier: 'flex',
      }),
    )
    expect(body.generationConfig).toEqual({
      temperature: 0,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 100,
      candidateCount: 2,
      stopSequences: ['END'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseLogprobs: true,
      logprobs: 3,
    })
    expect(body.serviceTier).toBe('flex')
    expect(losses).toEqual([])
  })

  it('that Gemini has no word for are reported, each by its name', () => {
    const { body, losses } = encode(
      ask({
        logitBias: { 50256: -100 },
        user: 'u',
        metadata: { a: 'b' },
        serviceTier: 'scale',
        stop: ['1', '2', '3', '4', '5', '6'],
      }),
    )
    expect(losses).toEqual(['dropped stop', 'dropped logit_bias', 'dropped user', 'dropped metadata', 'dropped service_tier'])
    expect(body.generationConfig).toEqual({ stopSequences: ['1', '2', '3', '4', '5'] })
  })

  it('that the target refuses are left out and reported', () => {
    const request = ask({ seed: 1, temperature: 1, serviceTier: 'priority' })
    const { body, losses } = encode(request, undefined, { refuses: ['seed', 'serviceTier'] })
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], generationConfig: { temperature: 1 } })
    expect(losses).toEqual(['dropped generationConfig.seed', 'dropped serviceTier'])
  })

  it('are absent when nothing was asked', () => {
    expect(encode(ask({ n: 1, responseFormat: { type: 'text' }, logprobs: false })).body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    })
  })
})

describe('structured output', () => {
  const config = (request: ChatRequest, model?: string, traits?: object) => {
    const { body, losses } = encode(request, model, traits)
    return { config: body.generationConfig, system: body.systemInstruction, losses }
  }

  it('is native, with the schema as it came', () => {
    expect(config(ask({ responseFormat: format }))).toEqual({
      config: { responseMimeType: 'application/json', responseJsonSchema: schema },
      system: undefined,
      losses: [],
    })
    expect(config(ask({ responseFormat: { type: 'json' } })).config).toEqual({ responseMimeType: 'application/json' })
  })

  it('is native in the OpenAPI subset for a target that knows no other', () => {
    expect(config(ask({ responseFormat: format }), undefined, { schemaDialect: 'openapi-subset' }).config).toEqual({
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } } },
    })
  })

  it('is asked for in words where the model takes no JSON beside tools, and that is reported', () => {
    const asked = config(ask({ responseFormat: format, tools: [{ name: 'now' }] }), 'gemini-2.5-flash')
    expect(asked.config).toBeUndefined()
    expect(asked.system).toEqual({ parts: [{ text: expect.stringContaining(JSON.stringify(schema)) }] })
    expect(asked.losses).toEqual(['approximated response_format'])
    expect(config(ask({ responseFormat: format, tools: [{ name: 'now' }] }), 'gemini-3-flash-preview').losses).toEqual([])
  })

  it('has no description, which is reported, or told where words are all there is', () => {
    const described = { ...format, description: 'Where it is.' }
    expect(config(ask({ responseFormat: described })).losses).toEqual(['dropped response_format.json_schema.description'])
    const told = config(ask({ responseFormat: described, tools: [{ name: 'now' }] }), 'gemini-2.5-flash')
    expect(told.system).toEqual({ parts: [{ text: expect.stringMatching(/^Where it is\.\n/) }] })
    expect(told.losses).toEqual(['approximated response_format'])
  })

  it('is as good as the target can, and the rest is asked for in words', () => {
    const json = config(ask({ responseFormat: format }), undefined, { structuredOutput: 'json' })
    expect(json.config).toEqual({ responseMimeType: 'application/json' })
    expect(json.system).toEqual({ parts: [{ text: expect.stringContaining('"city"') }] })
    expect(json.losses).toEqual(['approximated response_format.json_schema'])
    const none = config(ask({ responseFormat: { type: 'json' } }), undefined, { structuredOutput: 'none' })
    expect(none).toMatchObject({ config: undefined, losses: ['approximated response_format'] })
  })
})

describe('a request of a caller', () => {
  it('is read whole', () => {
    const { request, losses } = decode({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        {
          role: 'model',
          parts: [
            { text: 'Hm', thought: true },
            { text: 'Ho', thoughtSignature: 'c2ln' },
          ],
        },
        { parts: [{ text: 'Again' }] },
      ],
      generationConfig: {
        temperature: 0,
        topP: 0.9,
        topK: 40,
        maxOutputTokens: 100,
        candidateCount: 2,
        stopSequences: ['END'],
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        responseLogprobs: true,
        logprobs: 3,
        responseMimeType: 'application/json',
        responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } } },
        responseModalities: ['TEXT'],
      },
      labels: { team: 'a' },
      serviceTier: 'standard',
    })
    expect(request).toEqual({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        say('Hi'),
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'Hm' },
            { type: 'text', text: 'Ho', signature: { format: 'google-gemini-v1', value: 'c2ln' } },
          ],
        },
        say('Again'),
      ],
      temperature: 0,
      topP: 0.9,
      topK: 40,
      maxTokens: 100,
      n: 2,
      stop: ['END'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      logprobs: true,
      topLogprobs: 3,
      responseFormat: { type: 'json-schema', name: 'response', schema },
      metadata: { team: 'a' },
      serviceTier: 'default',
    })
    expect(losses).toEqual([])
  })

  it('may be in snake case', () => {
    const { request, losses } = decode({
      system_instruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        { role: 'model', parts: [{ function_call: { name: 'now', args: { time_zone: 'UTC' } }, thought_signature: 'c2ln' }] },
        { role: 'user', parts: [{ function_response: { name: 'now', response: { output: 'noon' } } }] },
      ],
      generation_config: { max_output_tokens: 5, response_mime_type: 'application/json', response_json_schema: schema },
    })
    expect(request).toMatchObject({
      messages: [
        { role: 'system' },
        {},
        {
          role: 'assistant',
          content: [{ type: 'tool-call', id: 'call_0', arguments: '{"time_zone":"UTC"}', signature: { value: 'c2ln' } }],
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'call_0', name: 'now', content: [{ text: 'noon' }] }] },
      ],
      maxTokens: 5,
      responseFormat: { schema },
    })
    expect(losses).toEqual([])
  })

  it('loses nothing unheard', () => {
    const { losses } = decode({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      safetySettings: [],
      cachedContent: 'cachedContents/x',
      generationConfig: { mediaResolution: 'LOW', responseModalities: ['AUDIO'], thinkingConfig: { depth: 3 } },
      serviceTier: 'gold',
      wonder: 1,
    })
    expect(losses).toEqual([
      'dropped safetySettings',
      'dropped cachedContent',
      'dropped wonder',
      'dropped generationConfig.mediaResolution',
      'dropped generationConfig.responseModalities',
      'dropped generationConfig.thinkingConfig.depth',
      'dropped serviceTier',
    ])
  })

  it.each(['application/json', 'APPLICATION_JSON'])('has its schema by the newer word too, with the type %s', (mimeType) => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const asked = (...responseFormat: JsonObject[]) =>
      decode({ contents: [{ parts: [{ text: 'Hi' }] }], generationConfig: { responseFormat } })
    expect(asked({ text: { mimeType, schema } })).toMatchObject({
      request: { responseFormat: { type: 'json-schema', schema } },
      losses: [],
    })
    expect(asked({ text: { mimeType } }).request.responseFormat).toEqual({ type: 'json' })
    expect(asked({ image: { mimeType: 'image/png' } }).losses).toEqual(['dropped generationConfig.responseFormat'])
  })

  it('reports each member of a part that only Google knows', () => {
    const { losses } = decode({
      contents: [
        {
          role: 'user',
          parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA', displayName: 'a.png' }, mediaResolution: {} }],
        },
        { role: 'model', parts: [{ text: 'Hm', thought: true, thoughtSignature: 'CiIB', partMetadata: {} }] },
      ],
    })
    expect(losses).toEqual([
      'dropped contents[0].parts[0].mediaResolution',
      'dropped contents[0].parts[0].displayName',
      'dropped contents[1].parts[0].partMetadata',
    ])
  })

  it.each<[JsonObject, string]>([
    [{}, 'contents'],
    [{ contents: [{ role: 'user' }] }, 'contents[0].parts'],
    [{ contents: [{ role: 'assistant', parts: [] }] }, 'contents[0].role'],
    [{ contents: [{ role: 'user', parts: [{ functionResponse: { name: 'lost' } }] }] }, 'contents[0].parts[0]'],
    [{ contents: [{ role: 'model', parts: [{ functionCall: {} }] }] }, 'contents[0].parts[0].functionCall.name'],
  ])('%o is refused by the name of the member at fault', (body, param) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
  })
})

describe('a history of a caller', () => {
  const history = (...contents: JsonObject[]) => decode({ contents }).request.messages

  it('pairs results with calls by id, else by name and order', () => {
    const messages = history(
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'get', args: { n: 1 } } },
          { functionCall: { name: 'get', args: { n: 2 } } },
          { functionCall: { id: 'x', name: 'put' } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'x', name: 'put', response: { ok: true } } },
          { functionResponse: { name: 'get', response: { error: 'one' } } },
          { functionResponse: { name: 'get', response: { output: 'two' } } },
          { text: 'Well?' },
        ],
      },
    )
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'tool-call', id: 'call_0', name: 'get', arguments: '{"n":1}' },
          { type: 'tool-call', id: 'call_1', name: 'get', arguments: '{"n":2}' },
          { type: 'tool-call', id: 'x', name: 'put', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'x', name: 'put', content: [{ type: 'text', text: '{"ok":true}' }] },
          { type: 'tool-result', id: 'call_0', name: 'get', content: [{ type: 'text', text: 'one' }], isError: true },
          { type: 'tool-result', id: 'call_1', name: 'get', content: [{ type: 'text', text: 'two' }] },
        ],
      },
      say('Well?'),
    ])
  })

  it.each([
    ['by their names', () => undefined],
    ['by their ids, in another order', (index: number) => `id_${index}`],
  ])('may have very many parts in a turn, answered %s, and takes no longer than they are', (_, id) => {
    const parts = Array.from({ length: 100_000 }, (_, index) => ({ functionCall: { id: id(index), name: 'f', args: {} } }))
    const results = parts
      .map(({ functionCall: { id, name } }) => ({ functionResponse: { id, name, response: { output: 'one' } } }))
      .reverse()
    const contents = [
      { role: 'model', parts },
      { role: 'user', parts: results },
    ]
    const { request } = decode({ contents })
    expect(request.messages.map(({ content }) => content.length)).toEqual([100_000, 100_000])
  })

  it('pairs results by id even where the names are the same and the order is another', () => {
    const [, message] = history(
      { role: 'model', parts: ['a', 'b'].map((id) => ({ functionCall: { id, name: 'get' } })) },
      { role: 'user', parts: ['b', 'a'].map((id) => ({ functionResponse: { id, name: 'get', response: { output: id } } })) },
    )
    expect(message?.content).toMatchObject([
      { id: 'b', content: [{ text: 'b' }] },
      { id: 'a', content: [{ text: 'a' }] },
    ])
  })

  it('joins the chunks of a stream that Google’s SDK keeps as a content each', () => {
    const model = (part: JsonObject) => ({ role: 'model', parts: [part] })
    expect(
      history(
        model({ text: 'Hm', thought: true }),
        model({ text: 'He' }),
        model({ text: 'llo' }),
        model({ text: '', thoughtSignature: 'c2ln' }),
      ),
    ).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm' },
          { type: 'text', text: 'Hello' },
          { type: 'text', text: '', signature: { format: 'google-gemini-v1', value: 'c2ln' } },
        ],
      },
    ])
  })

  it('shows the code that Google ran as text', () => {
    const { request, losses } = decode({
      contents: [
        {
          role: 'model',
          parts: [
            { executableCode: { language: 'PYTHON', code: 'print(1)' } },
            { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } },
          ],
        },
      ],
    })
    expect(request.messages).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: '\n```python\nprint(1)\n```\n\n```\n1\n\n```\n' }] },
    ])
    expect(losses).toEqual(['approximated contents[0].parts[0]', 'approximated contents[0].parts[1]'])
  })

  it('keeps images of a result as images', () => {
    const [, message] = history(
      { role: 'model', parts: [{ functionCall: { name: 'shoot' } }] },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'shoot', response: {}, parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] } },
        ],
      },
    )
    expect(message?.content[0]).toMatchObject({
      content: [
        { type: 'text', text: '{}' },
        { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
      ],
    })
  })

  it('loses the sound of a result, the words that only Google has for one, and says so', () => {
    const { request, losses } = decode({
      contents: [
        { role: 'model', parts: [{ functionCall: { name: 'shoot' } }] },
        {
          role: 'user',
          parts: [
            {
              functionResponse: {
                name: 'shoot',
                response: { output: 'Bang' },
                willContinue: false,
                parts: [
                  { inlineData: { mimeType: 'audio/wav', data: 'AAAA' } },
                  { inlineData: { mimeType: 'image/png', data: 'BBBB' } },
                ],
              },
            },
          ],
        },
      ],
    })
    expect(losses).toEqual([
      'dropped contents[1].parts[0].functionResponse.willContinue',
      'dropped contents[1].parts[0].functionResponse.parts',
    ])
    expect(request.messages[1]?.content).toMatchObject([{ content: [{ text: 'Bang' }, { type: 'image' }] }])
  })

  it('joins the arguments of a call that came in pieces, as the SDK keeps each chunk of a stream', () => {
    const { request, losses } = decode({
      contents: [
        { role: 'user', parts: [{ text: 'Weather?' }] },
        ...[
          { name: 'weather', willContinue: true },
          { partialArgs: [{ jsonPath: '$.city', stringValue: 'New ', willContinue: true }], willContinue: true },
          { partialArgs: [{ jsonPath: '$.city', stringValue: 'York' }], willContinue: true },
          { partialArgs: [{ jsonPath: '$.days[0]', numberValue: 3 }], willContinue: true },
          {},
          { name: 'time', args: { zone: 'EST' } },
        ].map((functionCall) => ({ role: 'model', parts: [{ functionCall }] })),
        ...['weather', 'time'].map((name) => ({
          role: 'user',
          parts: [{ functionResponse: { name, response: { output: `${name}: fine` } } }],
        })),
      ],
    })
    expect(losses).toEqual([])
    expect(request.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        content: [
          { id: 'call_0', name: 'weather', arguments: '{"city":"New York","days":[3]}' },
          { id: 'call_1', name: 'time', arguments: '{"zone":"EST"}' },
        ],
      },
      { role: 'tool', content: [{ id: 'call_0' }, { id: 'call_1' }] },
    ])
  })

  it('refuses a piece of a call that goes on with none', () => {
    const parts = [{ functionCall: { partialArgs: [{ jsonPath: '$.a', stringValue: 'b' }] } }]
    expect(() => decode({ contents: [{ role: 'model', parts }] })).toThrow(/must say which function was called/)
  })

  it('has the results that the model told by itself as results too', () => {
    const messages = history({
      role: 'model',
      parts: [
        { functionCall: { name: 'f' } },
        { functionResponse: { name: 'f', response: { output: 'done' } } },
        { text: 'So.' },
      ],
    })
    expect(messages.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant'])
    expect(messages[1]?.content).toMatchObject([{ name: 'f', content: [{ text: 'done' }] }])
  })

  it('is the same where one item stands for a list of it', () => {
    const parts = { text: 'Hi' }
    const declared = { name: 'f', description: 'does', parameters: schema }
    const single = { systemInstruction: { parts }, contents: { parts }, tools: { functionDeclarations: declared } }
    const listed = {
      systemInstruction: { parts: [parts] },
      contents: [{ parts: [parts] }],
      tools: [{ functionDeclarations: [declared] }],
    }
    expect(decode(single)).toEqual(decode(listed))
    expect(decode(single).request.messages).toHaveLength(2)
  })

  it('comes back as it was from the neutral form', () => {
    const contents = [
      { role: 'user', parts: [{ text: 'Look' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
      {
        role: 'model',
        parts: [
          { text: 'Hm', thought: true, thoughtSignature: 'YQ==' },
          { text: 'See', thoughtSignature: 'Yg==' },
        ],
      },
      { role: 'user', parts: [{ text: 'Go' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'f', args: { x: [1] } }, thoughtSignature: 'Yw==' },
          { functionCall: { id: 'b', name: 'g', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'f', response: { output: 'ok' } } },
          { functionResponse: { id: 'b', name: 'g', response: { error: 'no' } } },
        ],
      },
    ]
    const messages: readonly Message[] = history(...contents)
    expect(contentsOf(messages)).toEqual(contents)
  })
})
