import type OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest } from '../../../src/core/message.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { brief, decoded, encoded } from './kit.js'

const hello = [{ role: 'user' as const, content: 'Hello' }]

describe('which requests are of this protocol', () => {
  const match = (path: string, body: JsonObject = {}) => openaiChat.match(path, body)

  test('the address ends in chat/completions, whatever stands before it', () => {
    expect(match('/v1/chat/completions', { model: 'gpt-5' })).toEqual({ model: 'gpt-5', stream: false })
    expect(match('/openai/v1/chat/completions?x=1', { model: 'm', stream: true })).toEqual({ model: 'm', stream: true })
    expect(match('/chat/completions/', { model: 'm' })).toEqual({ model: 'm', stream: false })
    for (const path of ['/v1/completions', '/v1/chat/completions/chatcmpl-1', '/v1/messages', '/v1/xchat/completions'])
      expect(match(path)).toBeUndefined()
  })

  test('the deployment in Azure’s address stands in for a model that the body does not name', () => {
    const path = '/openai/deployments/my%20gpt/chat/completions'
    expect(match(path)).toEqual({ model: 'my gpt', stream: false })
    expect(match(path, { model: 'gpt-5' })).toEqual({ model: 'gpt-5', stream: false })
  })

  test('a deployment that no address could have spelled is taken as it stands', () => {
    expect(match('/openai/deployments/50%/chat/completions')).toEqual({ model: '50%', stream: false })
  })

  test('another model takes the place of the first, and the order of the members stays', () => {
    const body = { messages: hello, model: 'a', seed: 1 }
    expect(JSON.stringify(openaiChat.withModel(body, 'b'))).toBe(JSON.stringify({ messages: hello, model: 'b', seed: 1 }))
  })
})

describe('the members of a request', () => {
  test('each scalar has its neutral word, and its way back', () => {
    const body = {
      model: 'm',
      messages: hello,
      max_completion_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['a', 'b'],
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      logit_bias: { '50256': -100 },
      logprobs: true,
      top_logprobs: 3,
      n: 2,
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
    } satisfies OpenAI.ChatCompletionCreateParams
    const { request, losses } = decoded(body)
    expect(losses).toEqual([])
    expect(request).toEqual({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      stop: ['a', 'b'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      logitBias: { '50256': -100 },
      logprobs: true,
      topLogprobs: 3,
      n: 2,
      user: 'u',
      metadata: { a: 'b' },
      serviceTier: 'flex',
    })
    expect(encoded(request).body).toEqual(body)
  })

  test('a null is a member that was left out', () => {
    const { request, losses } = decoded({ messages: hello, temperature: null, tools: null, prediction: null })
    expect(Object.keys(request)).toEqual(['messages'])
    expect(losses).toEqual([])
  })

  test('of two bounds, the newer name is the one that counts', () => {
    expect(decoded({ messages: hello, max_tokens: 1 }).request.maxTokens).toBe(1)
    expect(decoded({ messages: hello, max_tokens: 1, max_completion_tokens: 2 }).request.maxTokens).toBe(2)
    expect(decoded({ messages: hello, max_completion_tokens: 2, max_tokens: 1 }).request.maxTokens).toBe(2)
  })

  test('one stop sequence is a list of one', () => {
    expect(decoded({ messages: hello, stop: 'x' }).request.stop).toEqual(['x'])
  })

  test('every member that has no counterpart is reported', () => {
    const { losses } = decoded({
      messages: hello,
      store: true,
      prediction: { type: 'content', content: 'x' },
      verbosity: 'low',
      web_search_options: {},
      modalities: ['text', 'audio'],
      audio: { voice: 'alloy', format: 'wav' },
      prompt_cache_key: 'k',
      moderation: { model: 'm' },
      stream_options: { include_usage: true, include_obfuscation: true },
      tomorrow: 1,
    })
    expect(brief(losses).toSorted()).toEqual([
      'audio dropped',
      'modalities dropped',
      'moderation dropped',
      'prediction dropped',
      'prompt_cache_key dropped',
      'store dropped',
      'stream_options.include_obfuscation dropped',
      'tomorrow dropped',
      'verbosity dropped',
      'web_search_options dropped',
    ])
  })

  test('what changes nothing is not', () => {
    const { request, losses } = decoded({
      model: 'm',
      messages: hello,
      stream: true,
      store: false,
      modalities: ['text'],
      stream_options: { include_usage: true, include_obfuscation: false },
    })
    expect(losses).toEqual([])
    expect(request.includeUsage).toBe(true)
  })

  test.each([
    ['messages', {}],
    ['messages', { messages: [] }],
    ['messages[0]', { messages: ['hi'] }],
    ['messages[0].role', { messages: [{ role: 'robot', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [7] }] }],
    ['messages[0].content[0].image_url.url', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    ['messages[0].tool_calls[0].id', { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f' } }] }] }],
    ['messages[0].tool_calls[0].function.name', { messages: [{ role: 'assistant', tool_calls: [{ id: 'a' }] }] }],
    ['messages[0]', { messages: [{ role: 'function', name: 'f', content: 'x' }] }],
    ['temperature', { messages: hello, temperature: 'warm' }],
    ['stop', { messages: hello, stop: [1] }],
    ['logprobs', { messages: hello, logprobs: 1 }],
    ['tools', { messages: hello, tools: {} }],
    ['tools[0].function.name', { messages: hello, tools: [{ type: 'function', function: {} }] }],
    ['tool_choice', { messages: hello, tool_choice: 'maybe' }],
    ['response_format', { messages: hello, response_format: 'json' }],
  ] as [string, JsonObject][])('a wrong `%s` is refused by its name', (param, body) => {
    expect(() => decoded(body)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }))
  })

  test('an error about a request never quotes it', () => {
    const secret = 'sk-very-secret'
    try {
      decoded({ messages: [{ role: 'user', content: { secret } }], temperature: secret })
    } catch (error) {
      expect(String(error)).not.toContain(secret)
      return
    }
    throw new Error('was not refused')
  })
})

describe('reasoning', () => {
  const reasoning = (body: JsonObject) => decoded({ messages: hello, ...body }).request.reasoning

  test('is read in the words of OpenAI, OpenRouter, DeepSeek and LiteLLM', () => {
    expect(reasoning({ reasoning_effort: 'high' })).toEqual({ effort: 'high' })
    expect(reasoning({ reasoning: { effort: 'low', exclude: true } })).toEqual({ effort: 'low', show: false })
    expect(reasoning({ reasoning: { max_tokens: 2000 } })).toEqual({ budget: 2000 })
    expect(reasoning({ reasoning: { enabled: false } })).toEqual({ effort: 'none' })
    expect(reasoning({ include_reasoning: true })).toEqual({ show: true })
    expect(reasoning({ thinking: { type: 'enabled', budget_tokens: 1024 } })).toEqual({ budget: 1024 })
    expect(reasoning({ thinking: { type: 'disabled' } })).toEqual({ effort: 'none' })
    expect(reasoning({})).toBeUndefined()
  })

  test('an effort that only one vendor knows is reported', () => {
    expect(brief(decoded({ messages: hello, reasoning_effort: 'default' }).losses)).toEqual(['reasoning_effort dropped'])
  })

  test('a budget in tokens becomes the nearest grade', () => {
    const effort = (budget: number) => encoded({ messages: [], reasoning: { budget } })
    expect(effort(0).body.reasoning_effort).toBe('none')
    expect(effort(1024).body.reasoning_effort).toBe('low')
    expect(effort(8000).body.reasoning_effort).toBe('medium')
    expect(effort(32_000).body.reasoning_effort).toBe('high')
    expect(brief(effort(8000).losses)).toEqual(['reasoning.budget approximated'])
  })
})

describe('tools', () => {
  const schema = {
    type: 'object',
    properties: { b: { type: 'string' }, a: { type: 'number' } },
    required: ['b', 'a'],
    additionalProperties: false,
  }
  const weather = { type: 'function', function: { name: 'weather', description: 'It tells.', parameters: schema, strict: true } }

  test('keep their order and that of every schema, so that the same request has the same bytes', () => {
    const zebra = { type: 'function', function: { name: 'zebra' } }
    const body = { model: 'm', messages: hello, tools: [zebra, weather] }
    const { request } = decoded(body)
    const text = JSON.stringify(encoded(request).body)
    expect(text).toBe(JSON.stringify({ ...body, tools: [zebra, weather] }))
    expect(JSON.stringify(encoded(decoded(body).request).body)).toBe(text)
  })

  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', function: { name: 'weather' } },
      { type: 'tool', name: 'weather' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'weather' } }] },
      },
      { type: 'allowed', names: ['weather'], mode: 'required' },
    ],
  ])('the choice %j has its neutral word, and its way back', (tool_choice, toolChoice) => {
    const body = { model: 'm', messages: hello, tools: [weather], tool_choice, parallel_tool_calls: false }
    const { request, losses } = decoded(body)
    expect(losses).toEqual([])
    expect(request).toMatchObject({ toolChoice, parallelToolCalls: false })
    expect(encoded(request).body).toEqual(body)
  })

  test('a choice among no tools is not sent, because OpenAI refuses it', () => {
    const { body } = encoded({ messages: [], toolChoice: { type: 'auto' }, parallelToolCalls: true })
    expect(Object.keys(body)).toEqual(['model', 'messages'])
  })

  test('vendors’ own tools are reported', () => {
    const { request, losses } = decoded({
      messages: hello,
      tools: [weather, { type: 'openrouter:web_search' }],
      tool_choice: { type: 'openrouter:web_search' },
    })
    expect(request.tools?.map(({ name }) => name)).toEqual(['weather'])
    expect(brief(losses)).toEqual(['tools[1] dropped', 'tool_choice dropped'])
  })

  test('a choice among tools of which none crosses allows none', () => {
    const allowed_tools = { mode: 'required', tools: [{ type: 'openrouter:web_search' }] }
    const { request, losses } = decoded({
      messages: hello,
      tools: [weather],
      tool_choice: { type: 'allowed_tools', allowed_tools },
    })
    expect(request.toolChoice).toEqual({ type: 'none' })
    expect(brief(losses)).toEqual(['tool_choice.allowed_tools.tools[0] dropped', 'tool_choice approximated'])
  })

  test('the functions of old become tools', () => {
    const { request, losses } = decoded({
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{"b":"Bonn"}' } },
        { role: 'function', name: 'weather', content: 'Rain' },
      ],
      functions: [weather.function],
      function_call: { name: 'weather' },
    })
    expect(request.tools).toEqual([{ name: 'weather', description: 'It tells.', parameters: schema, strict: true }])
    expect(request.toolChoice).toEqual({ type: 'tool', name: 'weather' })
    expect(request.messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool-call', id: 'call_1', name: 'weather', arguments: '{"b":"Bonn"}' }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'call_1', name: 'weather', content: [{ type: 'text', text: 'Rain' }] }],
      },
    ])
    expect(brief(losses)).toEqual(['functions approximated'])
  })
})

describe('structured output', () => {
  test.each([
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object' }, { type: 'json' }],
    [
      {
        type: 'json_schema',
        json_schema: {
          name: 'city',
          description: 'A city',
          schema: { type: 'object', properties: {}, additionalProperties: false },
          strict: true,
        },
      },
      {
        type: 'json-schema',
        name: 'city',
        description: 'A city',
        schema: { type: 'object', properties: {}, additionalProperties: false },
        strict: true,
      },
    ],
  ])('%j has its neutral word, and its way back', (response_format, responseFormat) => {
    const { request, losses } = decoded({ messages: hello, response_format })
    expect(losses).toEqual([])
    expect(request.responseFormat).toEqual(responseFormat)
    expect(encoded(request).body.response_format).toEqual(response_format)
  })

  test('a format that only one vendor knows is reported', () => {
    expect(brief(decoded({ messages: hello, response_format: { type: 'grammar' } }).losses)).toEqual(['response_format dropped'])
  })
})

describe('what a target is asked for', () => {
  test('a name of the user that is too long for OpenAI becomes a hash, the same each time', () => {
    const user = 'ada'.repeat(50)
    const { body, losses } = encoded({ messages: [], user })
    expect(body.user).toMatch(/^[0-9a-f]{32}$/)
    expect(brief(losses)).toEqual(['user approximated'])
    expect(encoded({ messages: [], user }).body).toEqual(body)
    expect(encoded({ messages: [], user: 'a'.repeat(64) })).toMatchObject({ body: { user: 'a'.repeat(64) }, losses: [] })
  })

  test('to keep metadata only where an answer need not be stored for it', () => {
    const tagged: ChatRequest = { messages: [], metadata: { team: 'a' } }
    expect(encoded(tagged)).toMatchObject({ body: { metadata: { team: 'a' } }, losses: [] })
    const { body, losses } = encoded(tagged, { storedMetadata: true })
    expect(body).not.toHaveProperty('metadata')
    expect(brief(losses)).toEqual(['metadata dropped'])
    expect(encoded({ messages: [], metadata: {} }, { storedMetadata: true })).toEqual({
      body: { model: 'm', messages: [] },
      losses: [],
    })
  })

  const request: ChatRequest = { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] }

  test('is served in the ordinary tier by whatever name its vendor calls that', () => {
    for (const serviceTier of ['standard', 'standard_only'])
      expect(encoded({ ...request, serviceTier })).toMatchObject({ body: { service_tier: 'default' }, losses: [] })
  })

  test('usage with a stream, always, unless the target tells by itself or never', () => {
    expect(encoded(request, {}, true).body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(encoded(request, { streamUsage: 'on-request' }, true).body.stream_options).toEqual({ include_usage: true })
    for (const streamUsage of ['always', 'never'] as const)
      expect(encoded(request, { streamUsage }, true).body).not.toHaveProperty('stream_options')
    expect(encoded(request).body).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] })
  })

  test('never for what it has no word for, and that is reported', () => {
    const { body, losses } = encoded({ ...request, topK: 5, serviceTier: 'batch', reasoning: { effort: 'low', show: true } })
    expect(body).not.toHaveProperty('top_k')
    expect(body).not.toHaveProperty('service_tier')
    expect(brief(losses)).toEqual(['top_k dropped', 'reasoning.show approximated', 'service_tier dropped'])
  })

  test('four of many stop sequences', () => {
    const { body, losses } = encoded({ messages: [], stop: ['a', 'b', 'c', 'd', 'e'] })
    expect(body.stop).toEqual(['a', 'b', 'c', 'd'])
    expect(brief(losses)).toEqual(['stop dropped'])
  })

  test('as many stop sequences as the provider declares', () => {
    const { body, losses } = encoded({ messages: [], stop: ['a', 'b', 'c', 'd', 'e'] }, { mostStops: 16 })
    expect(body.stop).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(losses).toEqual([])
  })

  test('to continue a message only when it can', () => {
    const prefilled: ChatRequest = {
      messages: [...request.messages, { role: 'assistant', content: [{ type: 'text', text: '{' }] }],
    }
    expect(encoded(prefilled, { supportsPrefill: true }).losses).toEqual([])
    expect(brief(encoded(prefilled).losses)).toEqual(['messages approximated'])
  })
})
