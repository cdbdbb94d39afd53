import type { ResponseCreateParams } from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'
import { decode, encode, user } from './helpers.js'

describe('what a caller asks for', () => {
  test('a string is one user message, and instructions stand before it', () => {
    const { request, lost } = decode({ input: 'hi', instructions: 'Be brief.' })
    expect(request).toEqual({ messages: [{ role: 'system', content: [{ type: 'text', text: 'Be brief.' }] }, user('hi')] })
    expect(lost).toEqual([])
  })

  test('every setting with a neutral word is carried, and nothing is reported', () => {
    const body = {
      input: 'hi',
      max_output_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      top_logprobs: 3,
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
      parallel_tool_calls: false,
      metadata: { a: 'b' },
      safety_identifier: 'u1',
      service_tier: 'flex',
      reasoning: { effort: 'low', summary: 'auto' },
      store: false,
      truncation: 'disabled',
      background: false,
      stream: true,
      stream_options: { include_obfuscation: false },
      previous_response_id: null,
    } satisfies ResponseCreateParams
    const { request, lost } = decode(body)
    expect(request).toEqual({
      messages: [user('hi')],
      maxTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      logprobs: true,
      topLogprobs: 3,
      parallelToolCalls: false,
      metadata: { a: 'b' },
      user: 'u1',
      serviceTier: 'flex',
      reasoning: { effort: 'low', show: true },
    })
    expect(lost).toEqual([])
  })

  test('the three formats of text', () => {
    const schema = { type: 'object', properties: { b: {}, a: {} } }
    expect(decode({ text: { format: { type: 'text' } } }).request.responseFormat).toEqual({ type: 'text' })
    expect(decode({ text: { format: { type: 'json_object' } } }).request.responseFormat).toEqual({ type: 'json' })
    const { request } = decode({ text: { format: { type: 'json_schema', name: 'n', schema, strict: true, description: 'd' } } })
    expect(request.responseFormat).toEqual({ type: 'json-schema', name: 'n', schema, strict: true, description: 'd' })
  })

  test('members without a counterpart are each reported', () => {
    const { paths } = decode({
      store: true,
      truncation: 'auto',
      text: { verbosity: 'low' },
      prompt_cache_key: 'k',
      max_tool_calls: 3,
      moderation: { model: 'omni' },
      top_logprobs: 2,
      include: ['file_search_call.results'],
      reasoning: { context: 'all_turns', summary: 'detailed' },
      invented: 1,
    })
    expect(paths.sort()).toEqual([
      'include[0]',
      'invented',
      'max_tool_calls',
      'moderation',
      'prompt_cache_key',
      'reasoning.context',
      'reasoning.summary',
      'store',
      'text.verbosity',
      'top_logprobs',
      'truncation',
    ])
  })

  for (const [name, value] of Object.entries({
    previous_response_id: 'resp_1',
    conversation: { id: 'conv_1' },
    prompt: { id: 'pmpt_1' },
    background: true,
  })) {
    test(`${name} is state that only OpenAI holds: the request is refused with advice`, () => {
      expect(() => decode({ [name]: value })).toThrow(
        expect.objectContaining({ code: 'unsupported', param: name, message: expect.stringMatching(/instead|Leave/) }),
      )
    })
  }

  for (const [name, body] of Object.entries({
    input: { input: null },
    'input[0].role': { input: [{ role: 'robot', content: 'x' }] },
    'input[0].content': { input: [{ role: 'user', content: 7 }] },
    'input[0].call_id': { input: [{ type: 'function_call', name: 'f', arguments: '{}' }] },
    'input[0].output': { input: [{ type: 'function_call_output', call_id: 'c' }] },
    'input[0].content[0].image_url': { input: [{ role: 'user', content: [{ type: 'input_image' }] }] },
    'input[0].content[0].file_data': { input: [{ role: 'user', content: [{ type: 'input_file' }] }] },
    'tools[0].name': { tools: [{ type: 'function' }] },
    tool_choice: { tool_choice: 'maybe' },
    temperature: { temperature: 'hot' },
    max_output_tokens: { max_output_tokens: '12' },
    instructions: { instructions: ['x'] },
    'text.format.schema': { text: { format: { type: 'json_schema', name: 'n' } } },
  })) {
    test(`a bad request names the member at fault: ${name}`, () => {
      expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param: name }))
    })
  }

  test('an error of the request quotes none of the prompt', () => {
    const secret = 'the launch code is 4711'
    const attempts = [
      { input: [{ role: secret, content: 'x' }] },
      { input: [secret] },
      { tools: [{ type: 'function', description: secret }] },
    ]
    for (const body of attempts)
      expect(() => decode(body)).toThrow(expect.not.objectContaining({ message: expect.stringContaining(secret) }))
  })
})

describe('what goes to a target', () => {
  test('nothing is stored, and hidden reasoning is asked for', () => {
    expect(encode({}).body).toEqual({
      model: 'gpt-5',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      include: ['reasoning.encrypted_content'],
      store: false,
    })
  })

  test('models that do not reason are not asked for it: they would refuse', () => {
    for (const model of [
      'gpt-4o',
      'gpt-4.1-mini',
      'gpt-3.5-turbo',
      'chatgpt-4o-latest',
      'openai/gpt-4o',
      'gpt-5-chat-latest',
      'gpt-5.2-chat',
    ])
      expect(encode({}, {}, model).body.include, model).toBeUndefined()
    for (const model of ['gpt-5', 'o3', 'gpt-5.6-sol', 'gpt-6-astra', 'codex-mini-latest'])
      expect(encode({}, {}, model).body.include, model).toEqual(['reasoning.encrypted_content'])
    expect(encode({}, { reasoningEffort: false }).body.include).toBeUndefined()
    expect(encode({}, { baseModel: 'gpt-4o' }, 'my-deployment').body.include).toBeUndefined()
  })

  test('every setting that the API has', () => {
    const { body, lost } = encode(
      {
        tools: [{ name: 'f' }],
        toolChoice: { type: 'required' },
        parallelToolCalls: false,
        responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object', additionalProperties: false }, strict: true },
        reasoning: { effort: 'high', show: true },
        maxTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        logprobs: true,
        topLogprobs: 2,
        user: 'u1',
        metadata: { a: 'b' },
        serviceTier: 'flex',
      },
      {},
      'gpt-5',
      true,
    )
    expect(body).toMatchObject({
      tool_choice: 'required',
      parallel_tool_calls: false,
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object', additionalProperties: false }, strict: true } },
      reasoning: { effort: 'high', summary: 'auto' },
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      max_output_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      top_logprobs: 2,
      user: 'u1',
      metadata: { a: 'b' },
      service_tier: 'flex',
      store: false,
      stream: true,
    })
    expect(lost).toEqual([])
  })

  test('settings that the API lacks are reported by the names callers know', () => {
    const { body, paths } = encode({
      topK: 1,
      stop: ['x'],
      seed: 1,
      presencePenalty: 1,
      frequencyPenalty: 1,
      logitBias: { 1: 2 },
      n: 2,
    })
    expect(paths).toEqual(['top_k', 'stop', 'seed', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'n'])
    expect(Object.keys(body)).toEqual(['model', 'input', 'include', 'store'])
  })

  test('fewer than 16 tokens are raised to 16, and that is reported', () => {
    const { body, lost } = encode({ maxTokens: 1 })
    expect(body.max_output_tokens).toBe(16)
    expect(lost).toMatchObject([{ path: 'max_tokens', action: 'approximated' }])
    expect(encode({ maxTokens: 16 }).lost).toEqual([])
  })

  test('a budget for the thinking becomes a grade', () => {
    expect(encode({ reasoning: { budget: 2000 } }).body.reasoning).toEqual({ effort: 'low' })
    expect(encode({ reasoning: { budget: 32_000 } }).body.reasoning).toEqual({ effort: 'high' })
    expect(encode({ reasoning: { budget: 32_000 } }).lost).toMatchObject([{ path: 'reasoning.budget', action: 'approximated' }])
    const both = encode({ reasoning: { budget: 32_000, effort: 'low' } })
    expect(both.body.reasoning).toEqual({ effort: 'low' })
    expect(both.lost).toMatchObject([{ path: 'reasoning.budget', action: 'dropped' }])
  })

  test('declared properties of the target are kept to', () => {
    const weighed = encode({ logprobs: true, topLogprobs: 2 }, { refuses: ['logprobs', 'top_logprobs'] })
    expect(weighed.body).not.toHaveProperty('top_logprobs')
    expect(weighed.body.include).toEqual(['reasoning.encrypted_content'])
    expect(weighed.paths).toEqual(['logprobs', 'top_logprobs'])
    const schema = { type: 'json-schema', name: 'n', schema: {} } as const
    expect(encode({ reasoning: { effort: 'low' } }, { reasoningEffort: false }).paths).toEqual(['reasoning_effort'])
    const loose = encode({ responseFormat: schema }, { structuredOutput: 'json' })
    expect([loose.body.text, loose.lost]).toMatchObject([{ format: { type: 'json_object' } }, [{ action: 'approximated' }]])
    const free = encode({ responseFormat: schema }, { structuredOutput: 'none' })
    expect([free.body.text, free.lost]).toMatchObject([undefined, [{ path: 'response_format', action: 'dropped' }]])
    expect(
      encode({ tools: [{ name: 'f' }], toolChoice: { type: 'required' } }, { requiredToolChoice: 'any' }).body.tool_choice,
    ).toBe('any')
    const refused = encode({ temperature: 1 }, { refuses: ['temperature', 'top_p'] })
    expect(refused.body.temperature).toBeUndefined()
    expect(refused.paths).toEqual(['temperature'])
  })

  test('a name of the user that is too long for OpenAI becomes a hash, the same each time', () => {
    const user = 'ada'.repeat(50)
    const { body, lost } = encode({ user })
    expect(body.user).toMatch(/^[0-9a-f]{32}$/)
    expect(lost).toMatchObject([{ path: 'user', action: 'approximated' }])
    expect(encode({ user }).body).toEqual(body)
    expect(encode({ user: 'a'.repeat(64) })).toMatchObject({ body: { user: 'a'.repeat(64) }, lost: [] })
  })

  test('the same request has the same bytes, member order and all', () => {
    const request = { tools: [{ name: 'f', parameters: { type: 'object', properties: { b: {}, a: {} } } }], temperature: 1 }
    const bytes = JSON.stringify(encode(request).body)
    expect(JSON.stringify(encode(structuredClone(request)).body)).toBe(bytes)
    expect(bytes).toContain('{"b":{},"a":{}}')
  })
})
