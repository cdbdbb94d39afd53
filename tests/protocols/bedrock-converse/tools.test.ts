import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/core/message.js'
import { assistant, encode, models, user } from './bedrock.js'

const look = { name: 'look', description: 'Look', parameters: { properties: { at: { type: 'string' } } } }
const find = { name: 'find' }
const called = [user('Hi'), assistant({ type: 'tool-call', id: 'a', name: 'seek', arguments: '{}' }), user('Go')]

const config = (request: Partial<ChatRequest>, model?: string) => {
  const { body, lost } = encode({ tools: [look, find], ...request }, model)
  return { toolConfig: body.toolConfig as { tools: unknown[]; toolChoice?: unknown } | undefined, lost }
}

describe('tools for Bedrock', () => {
  it('are declared with an object schema, as it was written', () => {
    expect(config({})).toEqual({
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: 'look',
              description: 'Look',
              inputSchema: { json: { type: 'object', properties: { at: { type: 'string' } } } },
            },
          },
          { toolSpec: { name: 'find', inputSchema: { json: { type: 'object', properties: {} } } } },
        ],
      },
      lost: [],
    })
  })

  it('leave a schema of any dialect untouched', () => {
    const parameters = {
      type: 'object',
      $defs: { a: { const: 1 } },
      properties: { x: { type: ['string', 'null'], $ref: '#/$defs/a' } },
    }
    expect(config({ tools: [{ name: 'x', parameters }] }).toolConfig?.tools).toEqual([
      { toolSpec: { name: 'x', inputSchema: { json: parameters } } },
    ])
  })

  it('are strict where the model can be held to a schema', () => {
    const tools = [{ ...find, strict: true }]
    expect(config({ tools }).toolConfig?.tools).toMatchObject([{ toolSpec: { strict: true } }])
    expect(config({ tools }, models.nova)).toMatchObject({
      toolConfig: { tools: [{ toolSpec: { name: 'find' } }] },
      lost: ['dropped tools[0].function.strict'],
    })
    expect(config({ tools: [{ ...find, strict: false }] }, models.nova).lost).toEqual([])
  })

  it('are strict in the subset of JSON Schema that Bedrock takes, and not at all where a schema holds itself', () => {
    const bounded = { type: 'object', properties: { n: { type: 'integer', maximum: 5 } } }
    const endless = { type: 'object', properties: { next: { $ref: '#' } } }
    const tools = [bounded, endless].map((parameters, at) => ({ name: `f${at}`, strict: true, parameters }))
    const { toolConfig, lost } = config({ tools })
    const n = { type: 'integer', description: '{maximum: 5}' }
    expect(toolConfig?.tools).toEqual([
      {
        toolSpec: {
          name: 'f0',
          strict: true,
          inputSchema: { json: { type: 'object', properties: { n }, additionalProperties: false } },
        },
      },
      { toolSpec: { name: 'f1', inputSchema: { json: endless } } },
    ])
    expect(lost).toEqual(['approximated tools[0].function.parameters.properties.n.maximum', 'dropped tools[1].function.strict'])
  })

  it.each([
    [{ type: 'auto' }, { auto: {} }],
    [{ type: 'required' }, { any: {} }],
    [{ type: 'tool', name: 'find' }, { tool: { name: 'find' } }],
    [{ type: 'allowed', names: ['look', 'find'], mode: 'required' }, { any: {} }],
  ] as const)('are chosen by %o as %o', (toolChoice, expected) => {
    expect(config({ toolChoice }).toolConfig?.toolChoice).toEqual(expected)
  })

  it('are asked for as strictly as the model allows', () => {
    expect(config({ toolChoice: { type: 'tool', name: 'find' } }, models.mistral)).toMatchObject({
      toolConfig: { toolChoice: { any: {} } },
      lost: ['approximated tool_choice'],
    })
    const llama = config({ toolChoice: { type: 'required' } }, models.llama)
    expect(llama.toolConfig).not.toHaveProperty('toolChoice')
    expect(llama.lost).toEqual(['dropped tool_choice'])
  })

  it('are narrowed to the allowed ones', () => {
    const { toolConfig, lost } = config({ toolChoice: { type: 'allowed', names: ['find'], mode: 'auto' } })
    expect(toolConfig).toMatchObject({ tools: [{ toolSpec: { name: 'find' } }], toolChoice: { auto: {} } })
    expect(lost).toEqual(['approximated tool_choice.allowed_tools'])
  })

  it('are left out when none may be called', () => {
    expect(config({ toolChoice: { type: 'none' } })).toEqual({ toolConfig: undefined, lost: [] })
  })

  it('stay when none may be called but the history has calls, and that is said', () => {
    const { toolConfig, lost } = config({ toolChoice: { type: 'none' }, messages: called })
    expect(toolConfig?.tools).toHaveLength(2)
    expect(toolConfig).not.toHaveProperty('toolChoice')
    expect(lost).toEqual(['approximated tool_choice'])
  })

  it('are declared by name when the request forgot those of its history, and that is said', () => {
    expect(config({ tools: [], messages: called })).toEqual({
      toolConfig: { tools: [{ toolSpec: { name: 'seek', inputSchema: { json: { type: 'object' } } } }] },
      lost: ['approximated tools'],
    })
  })

  it('may be called in parallel, which Bedrock cannot forbid', () => {
    expect(config({ parallelToolCalls: true }).lost).toEqual([])
    expect(config({ parallelToolCalls: false }).lost).toEqual(['dropped parallel_tool_calls'])
    expect(config({ parallelToolCalls: false, tools: [] }).lost).toEqual([])
  })
})
