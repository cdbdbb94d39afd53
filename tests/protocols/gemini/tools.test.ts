import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatRequest, Tool, ToolChoice } from '../../../src/core/message.js'
import { decode, encode, first, say } from './support.js'

const schema: JsonObject = {
  type: 'object',
  properties: { z: { type: ['string', 'null'] }, a: { const: 1 } },
  additionalProperties: false,
}
const tool: Tool = { name: 'find', description: 'Finds.', parameters: schema }
const ask = (over: Partial<ChatRequest>): ChatRequest => ({ messages: [say('Hi')], tools: [tool], ...over })
const declared = (body: JsonObject) => first(first(body.tools).functionDeclarations)

describe('declarations', () => {
  it('hand the JSON Schema on, byte for byte', () => {
    const { body, losses } = encode(ask({}))
    expect(declared(body)).toEqual({ name: 'find', description: 'Finds.', parametersJsonSchema: schema })
    expect(JSON.stringify(declared(body).parametersJsonSchema)).toBe(JSON.stringify(schema))
    expect(losses).toEqual([])
  })

  it('write the OpenAPI subset for a target that knows no other, and report what it lacks', () => {
    const { body, losses } = encode(ask({}), 'gemini-2.0-flash', { schemaDialect: 'openapi-subset' })
    expect(declared(body).parameters).toEqual({
      type: 'OBJECT',
      properties: { z: { type: 'STRING', nullable: true }, a: { type: 'NUMBER' } },
    })
    expect(losses).toEqual([
      'dropped tools[0].function.parameters.properties.a.const',
      'dropped tools[0].function.parameters.additionalProperties',
    ])
  })

  it('leave out parameters where there are none', () => {
    expect(declared(encode(ask({ tools: [{ name: 'now' }] })).body)).toEqual({ name: 'now' })
    const empty = ask({ tools: [{ name: 'now', parameters: { type: 'object', properties: {} } }] })
    expect(declared(encode(empty, 'gemini-2.0-flash', { schemaDialect: 'openapi-subset' }).body)).toEqual({ name: 'now' })
  })

  it('stand in the order of the caller, and the same request gives the same bytes', () => {
    const request = ask({ tools: [{ name: 'z' }, { name: 'a' }, { name: 'm' }] })
    const once = JSON.stringify(encode(request).body)
    expect(JSON.stringify(encode(request).body)).toBe(once)
    expect(once).toContain('[{"name":"z"},{"name":"a"},{"name":"m"}]')
  })
})

describe('the choice among tools', () => {
  it.each<[ToolChoice, object]>([
    [{ type: 'auto' }, { mode: 'AUTO' }],
    [{ type: 'none' }, { mode: 'NONE' }],
    [{ type: 'required' }, { mode: 'ANY' }],
    [
      { type: 'tool', name: 'find' },
      { mode: 'ANY', allowedFunctionNames: ['find'] },
    ],
    [
      { type: 'allowed', names: ['find', 'b'], mode: 'required' },
      { mode: 'ANY', allowedFunctionNames: ['find', 'b'] },
    ],
    [
      { type: 'allowed', names: ['find'], mode: 'auto' },
      { mode: 'VALIDATED', allowedFunctionNames: ['find'] },
    ],
  ])('%o', (toolChoice, functionCallingConfig) => {
    const { body, losses } = encode(ask({ toolChoice }))
    expect(body.toolConfig).toEqual({ functionCallingConfig })
    expect(losses).toEqual([])
  })

  it('is not spoken of without being asked, nor without tools', () => {
    expect(encode(ask({})).body).not.toHaveProperty('toolConfig')
    const { body, losses } = encode({ messages: [say('Hi')], toolChoice: { type: 'required' } })
    expect(body).not.toHaveProperty('toolConfig')
    expect(losses).toEqual(['dropped tool_choice'])
  })

  it('holds strict tools to their schema where the model can, and says where it cannot', () => {
    const strict = ask({ tools: [{ ...tool, strict: true }] })
    expect(encode(strict).body.toolConfig).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } })
    expect(encode({ ...strict, toolChoice: { type: 'required' } }).body.toolConfig).toEqual({
      functionCallingConfig: { mode: 'ANY' },
    })
    const { body, losses } = encode(strict, 'gemini-2.0-flash')
    expect(body).not.toHaveProperty('toolConfig')
    expect(losses).toEqual(['approximated tools[].function.strict'])
  })

  it('cannot forbid parallel calls, and says so', () => {
    expect(encode(ask({ parallelToolCalls: false })).losses).toEqual(['dropped parallel_tool_calls'])
    expect(encode(ask({ parallelToolCalls: true })).losses).toEqual([])
  })
})

describe('read from a caller', () => {
  const read = (body: JsonObject) => decode({ contents: [], ...body })

  it('joins the declarations of all lists, in either schema, in snake case too', () => {
    const { request, losses } = read({
      tools: [
        { functionDeclarations: [{ name: 'a', parametersJsonSchema: schema }] },
        {
          function_declarations: [
            { name: 'b', description: 'B', parameters: { type: 'OBJECT', properties: { a_b: { type: 'STRING' } } } },
          ],
        },
      ],
    })
    expect(request.tools).toEqual([
      { name: 'a', parameters: schema },
      { name: 'b', description: 'B', parameters: { type: 'object', properties: { a_b: { type: 'string' } } } },
    ])
    expect(losses).toEqual([])
  })

  it("reports Google's own tools, and what a function promises to answer", () => {
    const { request, losses } = read({
      tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: 'a', response: { type: 'STRING' } }], codeExecution: {} }],
    })
    expect(request.tools).toEqual([{ name: 'a' }])
    expect(losses).toEqual([
      'dropped tools[0].googleSearch',
      'dropped tools[1].codeExecution',
      'dropped tools[1].functionDeclarations[0].response',
    ])
  })

  it('reports what else it says of how tools are used', () => {
    expect(read({ toolConfig: { retrievalConfig: { languageCode: 'de' } } }).losses).toEqual([
      'dropped toolConfig.retrievalConfig',
    ])
  })

  it('refuses a function without a name', () => {
    expect(() => read({ tools: [{ functionDeclarations: [{}] }] })).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'tools[0].functionDeclarations[0].name' }),
    )
  })

  it.each<[JsonObject, ToolChoice | undefined, string[]]>([
    [{ mode: 'AUTO' }, { type: 'auto' }, []],
    [{ mode: 'NONE' }, { type: 'none' }, []],
    [{ mode: 'ANY' }, { type: 'required' }, []],
    [{ mode: 'ANY', allowedFunctionNames: ['a'] }, { type: 'tool', name: 'a' }, []],
    [{ mode: 'ANY', allowed_function_names: ['a', 'b'] }, { type: 'allowed', names: ['a', 'b'], mode: 'required' }, []],
    [{ mode: 'VALIDATED', allowedFunctionNames: ['a'] }, { type: 'allowed', names: ['a'], mode: 'auto' }, []],
    [{ mode: 'VALIDATED' }, { type: 'auto' }, ['approximated toolConfig.functionCallingConfig.mode']],
    [{ streamFunctionCallArguments: true }, undefined, ['dropped toolConfig.functionCallingConfig.streamFunctionCallArguments']],
  ])('%o', (functionCallingConfig, toolChoice, losses) => {
    const { request, losses: lost } = read({ toolConfig: { functionCallingConfig } })
    expect(request.toolChoice).toEqual(toolChoice)
    expect(lost).toEqual(losses)
  })
})
