import { describe, expect, it } from 'vitest'
import type { ChatRequest, ToolChoice } from '../../../src/core/message.js'
import { decode, encode, exchanges, hello, toolTurn } from './kit.js'

const f = { name: 'f', description: 'does f', parameters: { properties: { a: { type: 'string' } }, type: 'object' } } as const
const g = { name: 'g' } as const

describe('tools for Claude', () => {
  it('carry their schema as it was written', () => {
    const { body, losses } = encode({ tools: [{ ...f, cache: {} }, g, { name: 'h', parameters: { properties: {} } }] })
    expect(JSON.stringify(body.tools)).toBe(
      JSON.stringify([
        { name: 'f', description: 'does f', input_schema: f.parameters, cache_control: { type: 'ephemeral' } },
        { name: 'g', input_schema: { type: 'object', properties: {} } },
        { name: 'h', input_schema: { type: 'object', properties: {} } },
      ]),
    )
    expect(losses).toEqual([])
  })

  it('are strict where the model can be', () => {
    const strict = {
      tools: [
        { ...f, strict: true },
        { ...g, strict: false },
      ],
    }
    expect(encode(strict).body.tools).toMatchObject([
      { strict: true, input_schema: { additionalProperties: false } },
      { name: 'g' },
    ])
    expect(encode(strict, { model: 'claude-sonnet-4-0' })).toMatchObject({
      body: { tools: [{ name: 'f', input_schema: f.parameters }, { name: 'g' }] },
      losses: ['dropped tools[0].function.strict'],
    })
  })

  it('are strict without arguments too, and not at all where a schema holds itself', () => {
    const endless = { type: 'object', properties: { next: { $ref: '#' } } }
    const tools = [
      { ...g, strict: true },
      { name: 'h', strict: true, parameters: endless },
    ]
    expect(encode({ tools })).toMatchObject({
      body: {
        tools: [
          { name: 'g', strict: true, input_schema: { type: 'object', properties: {}, additionalProperties: false } },
          { name: 'h', input_schema: endless },
        ],
      },
      losses: ['dropped tools[1].function.strict'],
    })
    expect(encode({ tools }).body).not.toHaveProperty('tools[1].strict')
  })

  it.each<[ToolChoice | undefined, boolean | undefined, object | undefined]>([
    [undefined, undefined, undefined],
    [undefined, true, undefined],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    [{ type: 'auto' }, undefined, { type: 'auto' }],
    [{ type: 'none' }, false, { type: 'none' }],
    [{ type: 'required' }, undefined, { type: 'any' }],
    [{ type: 'tool', name: 'f' }, false, { type: 'tool', name: 'f', disable_parallel_tool_use: true }],
  ])('are chosen among by %j, in parallel %s', (toolChoice, parallelToolCalls, expected) => {
    const wish = { tools: [f], ...(toolChoice && { toolChoice }), ...(parallelToolCalls !== undefined && { parallelToolCalls }) }
    const { body, losses } = encode(wish)
    expect(body.tool_choice).toEqual(expected)
    expect(losses).toEqual([])
  })

  it('are only those allowed', () => {
    const { body, losses } = encode({ tools: [f, g], toolChoice: { type: 'allowed', names: ['g'], mode: 'required' } })
    expect(body).toMatchObject({ tools: [{ name: 'g' }], tool_choice: { type: 'any' } })
    expect(losses).toEqual(['approximated tool_choice.allowed_tools'])
  })

  it('are declared when the history calls what the request has left out', () => {
    const { body, losses } = encode({ messages: [...hello, ...toolTurn('t1', 'look'), ...toolTurn('t2', 'look')] })
    expect(body).toMatchObject({ tools: [{ name: 'look', input_schema: { type: 'object' } }], tool_choice: { type: 'none' } })
    expect(body.tools).toHaveLength(1)
    expect(losses).toEqual(['approximated tools'])
  })

  it('are not chosen among when there are none', () => {
    expect(encode({ toolChoice: { type: 'required' }, parallelToolCalls: false }).body).not.toHaveProperty('tool_choice')
  })

  it('have ids that the vendor takes, the same on the call and its result', () => {
    const { body } = encode({ tools: [g], messages: [...hello, ...toolTurn('functions.g:0', 'g')] })
    expect(body.messages).toMatchObject([
      {},
      { content: [{ type: 'tool_use', id: 'functions_2eg_3a0' }] },
      { content: [{ type: 'tool_result', tool_use_id: 'functions_2eg_3a0' }] },
    ])
  })

  it('get arguments that were no object as text inside of one', () => {
    const call = { role: 'assistant', content: [{ type: 'tool-call', id: 't', name: 'g', arguments: '{"a": "cut' }] } as const
    const { body, losses } = encode({ tools: [g], messages: [...hello, call] })
    expect(body.messages).toMatchObject([{}, { content: [{ input: { invalid_arguments: '{"a": "cut' } }] }])
    expect(losses).toEqual(['approximated messages[1].content[0].function.arguments'])
  })

  it('get no arguments as an empty object', () => {
    const call = { role: 'assistant', content: [{ type: 'tool-call', id: 't', name: 'g', arguments: '' }] } as const
    expect(encode({ tools: [g], messages: [...hello, call] }).body.messages).toMatchObject([{}, { content: [{ input: {} }] }])
  })
})

describe('tools of a caller of this API', () => {
  const custom = { name: 'f', description: 'does f', input_schema: f.parameters }

  it('are read with their schema, strictness and cache', () => {
    const { request, losses } = decode({
      tools: [{ ...custom, type: 'custom', strict: true, cache_control: { type: 'ephemeral', ttl: '1h' } }],
    })
    expect(request.tools).toEqual([{ ...f, strict: true, cache: { ttl: '1h' } }])
    expect(losses).toEqual([])
  })

  it('that run at Anthropic, or are trained into Claude, are reported', () => {
    const { request, losses } = decode({
      tools: [{ type: 'web_search_20260318', name: 'web_search' }, custom, { type: 'bash_20250124', name: 'bash' }],
    })
    expect(request.tools).toHaveLength(1)
    expect(losses).toEqual(['dropped tools[0]', 'dropped tools[2]'])
  })

  it('report the members that others do not know', () => {
    const { losses } = decode({ tools: [{ ...custom, defer_loading: true, input_examples: [] }] })
    expect(losses).toEqual(['dropped tools[0].defer_loading', 'dropped tools[0].input_examples'])
  })

  it.each<[object, Partial<ChatRequest>]>([
    [{ type: 'auto' }, { toolChoice: { type: 'auto' } }],
    [
      { type: 'any', disable_parallel_tool_use: true },
      { toolChoice: { type: 'required' }, parallelToolCalls: false },
    ],
    [{ type: 'tool', name: 'f' }, { toolChoice: { type: 'tool', name: 'f' } }],
    [{ type: 'none' }, { toolChoice: { type: 'none' } }],
  ])('are chosen among by %j', (tool_choice, expected) => {
    const { request, losses } = decode({ tools: [custom], tool_choice: { ...tool_choice } })
    expect(request).toMatchObject(expected)
    expect(losses).toEqual([])
  })

  it.each([{ type: 'tool', name: 'web_search' }, { type: 'tool' }, { type: 'of_tomorrow' }, { type: 'of_tomorrow', name: 'f' }])(
    'are not chosen by %j, which nobody can serve',
    (tool_choice) => {
      const { request, losses } = decode({ tools: [custom], tool_choice })
      expect(request).not.toHaveProperty('toolChoice')
      expect(losses).toEqual(['dropped tool_choice'])
    },
  )

  it('come out of every recorded request as many as went in, or are reported', () => {
    for (const { request } of exchanges) {
      const { request: neutral, losses } = decode(request.body)
      const given = Array.isArray(request.body.tools) ? request.body.tools.length : 0
      expect((neutral.tools?.length ?? 0) + losses.filter((line) => /^dropped tools\[\d+\]$/.test(line)).length).toBe(given)
    }
  })
})
