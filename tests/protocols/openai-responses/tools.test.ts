import { describe, expect, test } from 'vitest'
import { decode, encode } from './helpers.js'

const f = { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: true }

describe('tools of a caller', () => {
  test('functions are carried as they are', () => {
    const { request, lost } = decode({
      tools: [
        { ...f, description: 'does' },
        { type: 'function', name: 'g', parameters: null, strict: null },
      ],
    })
    expect(request.tools).toEqual([{ name: 'f', description: 'does', parameters: f.parameters, strict: true }, { name: 'g' }])
    expect(lost).toEqual([])
  })

  const builtIn = ['web_search', 'file_search', 'code_interpreter', 'mcp', 'computer', 'image_generation', 'local_shell']
  for (const type of builtIn) {
    test(`a ${type} tool does not cross, and is reported`, () => {
      const { request, lost } = decode({ tools: [{ type, name: 'x' }, f] })
      expect(request.tools).toHaveLength(1)
      expect(lost).toMatchObject([{ path: 'tools[0]', action: 'dropped', why: expect.stringContaining(type) }])
    })
  }

  test('members of a function that nobody else has are reported', () => {
    const { paths } = decode({ tools: [{ ...f, defer_loading: true, output_schema: {}, allowed_callers: null }] })
    expect(paths).toEqual(['tools[0].defer_loading', 'tools[0].output_schema'])
  })

  test('every choice', () => {
    const choice = (tool_choice: unknown) => decode({ tools: [f], tool_choice })
    for (const type of ['auto', 'none', 'required']) expect(choice(type).request.toolChoice).toEqual({ type })
    expect(choice({ type: 'function', name: 'f' }).request.toolChoice).toEqual({ type: 'tool', name: 'f' })
    const allowed = choice({ type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }, { type: 'mcp' }] })
    expect(allowed.request.toolChoice).toEqual({ type: 'allowed', mode: 'required', names: ['f'] })
    expect(allowed.paths).toEqual(['tool_choice.tools[1]'])
  })

  test('a choice of a tool that does not cross is reported', () => {
    expect(decode({ tools: [f], tool_choice: { type: 'web_search_preview' } }).paths).toEqual(['tool_choice'])
    expect(decode({ tools: [{ type: 'mcp' }], tool_choice: 'required' }).paths).toEqual(['tools[0]', 'tool_choice'])
    const none = decode({ tools: [f], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'mcp' }] } })
    expect(none.request.toolChoice).toEqual({ type: 'none' })
    expect(none.paths).toEqual(['tool_choice.tools[0]', 'tool_choice'])
  })

  test('cache marks are read in either spelling', () => {
    const { request, paths } = decode({
      tools: [{ ...f, cache_control: { type: 'ephemeral', ttl: '1h' } }],
      input: [
        { role: 'user', content: 'a', cache_control: { type: 'ephemeral' } },
        { role: 'user', content: [{ type: 'input_text', text: 'b', prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } }] },
        { role: 'user', content: [{ type: 'input_text', text: 'c' }], cache_control: { type: 'ephemeral', ttl: '5m' } },
      ],
    })
    expect(request.tools?.[0]?.cache).toEqual({ ttl: '1h' })
    expect(request.messages.map(({ content }) => content[0])).toMatchObject([
      { cache: {} },
      { cache: { ttl: '1h' } },
      { cache: { ttl: '5m' } },
    ])
    expect(paths).toEqual(['input[1].content[0].prompt_cache_breakpoint.ttl'])
  })
})

describe('tools for a target', () => {
  test('a function says whether it is strict, because the API takes silence for yes', () => {
    const { body } = encode({
      tools: [
        { name: 'f', parameters: { type: 'object' } },
        { name: 'g', strict: true },
      ],
    })
    expect(body.tools).toEqual([
      { type: 'function', name: 'f', parameters: { type: 'object' }, strict: false },
      { type: 'function', name: 'g', parameters: { type: 'object', properties: {}, additionalProperties: false }, strict: true },
    ])
  })

  test('every choice', () => {
    const choice = (toolChoice: Parameters<typeof encode>[0]['toolChoice']) =>
      encode({ tools: [{ name: 'f' }], toolChoice } as never).body.tool_choice
    expect(choice({ type: 'none' })).toBe('none')
    expect(choice({ type: 'tool', name: 'f' })).toEqual({ type: 'function', name: 'f' })
    expect(choice({ type: 'allowed', names: ['f'], mode: 'auto' })).toEqual({
      type: 'allowed_tools',
      mode: 'auto',
      tools: [{ type: 'function', name: 'f' }],
    })
  })

  test('a choice without tools is left out, and reported when it would have forced one', () => {
    expect(encode({ toolChoice: { type: 'auto' }, parallelToolCalls: true })).toMatchObject({ lost: [] })
    expect(encode({ toolChoice: { type: 'auto' }, parallelToolCalls: true }).body).not.toHaveProperty('parallel_tool_calls')
    expect(encode({ toolChoice: { type: 'required' } }).paths).toEqual(['tool_choice'])
  })

  test('cache marks are approximated: the target caches by itself', () => {
    const { paths } = encode({
      tools: [{ name: 'f', cache: {} }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a', cache: {} }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'b', cache: {} },
            { type: 'tool-call', id: 'c', name: 'f', arguments: '{}', cache: {} },
          ],
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c', content: [], cache: { ttl: '1h' } }] },
      ],
    })
    expect(paths).toEqual([
      'messages[0].content[0].cache_control',
      'messages[1].content[0].cache_control',
      'messages[1].content[1].cache_control',
      'messages[2].content[0].cache_control',
      'tools[0].cache_control',
    ])
  })
})
