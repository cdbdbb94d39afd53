import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import type { TextKind } from '../../../src/protocols/protocol.js'
import { fixtures, sse, wholeAnswer } from './helpers.js'

const { lens } = openaiResponses

/** Every text that is shown, with its kind; each is answered with itself in capitals. */
function seen(edit: typeof lens.replaceRequest, body: JsonObject) {
  const texts: [TextKind, string][] = []
  const edited = edit(body, (text, kind) => {
    texts.push([kind, text])
    return text.toUpperCase()
  })
  return { texts, edited }
}

const request: JsonObject = {
  model: 'm',
  instructions: 'be brief',
  input: [
    { role: 'user', content: 'hello' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'data:image/png;base64,abc' },
      ],
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'said' },
        { type: 'refusal', refusal: 'never' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'sum' }],
      content: [{ type: 'reasoning_text', text: 'why' }],
      encrypted_content: 'gaaa',
    },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":"b"}' },
    { type: 'function_call_output', call_id: 'c', output: 'out' },
    { type: 'function_call_output', call_id: 'd', output: [{ type: 'input_text', text: 'part' }] },
    { type: 'custom_tool_call', call_id: 'e', name: 'x', input: 'free' },
    { type: 'mcp_call', id: 'm', name: 'y', arguments: '{"q":1}', output: 'found' },
    { type: 'item_reference', id: 'msg_1' },
  ],
  tools: [{ type: 'function', name: 'f', description: 'does', parameters: { type: 'object' } }],
  metadata: { note: 'private' },
}

describe('texts of a request', () => {
  test('each is shown once with what it is for', () => {
    expect(seen(lens.replaceRequest, request).texts).toEqual([
      ['description', 'does'],
      ['text', 'be brief'],
      ['text', 'hello'],
      ['text', 'see'],
      ['text', 'said'],
      ['text', 'never'],
      ['reasoning', 'sum'],
      ['reasoning', 'why'],
      ['arguments', '{"a":"b"}'],
      ['tool-result', 'out'],
      ['tool-result', 'part'],
      ['text', 'free'],
      ['arguments', '{"q":1}'],
      ['tool-result', 'found'],
    ])
  })

  test('they are replaced where they stand, and all else stays, the very same', () => {
    const before = JSON.stringify(request)
    const { edited } = seen(lens.replaceRequest, request)
    expect(JSON.stringify(request)).toBe(before)
    const input = edited.input as JsonObject[]
    expect(input[0]).toEqual({ role: 'user', content: 'HELLO' })
    expect(input[1]).toMatchObject({ content: [{ text: 'SEE' }, { image_url: 'data:image/png;base64,abc' }] })
    expect(input[3]).toMatchObject({ encrypted_content: 'gaaa', content: [{ text: 'WHY' }] })
    expect(input[9]).toBe((request.input as JsonObject[])[9])
    expect(edited.metadata).toBe(request.metadata)
    expect(Object.keys(edited)).toEqual(Object.keys(request))
  })

  test.each<[JsonObject, TextKind]>([
    [{ type: 'mcp_approval_response', approval_request_id: 'r', approve: false, reason: 't' }, 'tool-result'],
    [{ type: 'tool_search_call', arguments: { query: 't' } }, 'arguments'],
    [{ type: 'tool_search_output', tools: [{ type: 'function', name: 'f', description: 't' }] }, 'description'],
    [{ type: 'additional_tools', tools: [{ type: 'namespace', tools: [{ description: 't' }] }] }, 'description'],
    [{ type: 'mcp_list_tools', server_label: 's', tools: [{ name: 'f', description: 't' }] }, 'description'],
    [{ type: 'mcp_list_tools', server_label: 's', tools: [], error: 't' }, 'tool-result'],
    [{ type: 'file_search_call', queries: [], results: [{ file_id: 'f', attributes: { author: 't', year: 1 } }] }, 'tool-result'],
    [{ type: 'program_output', call_id: 'c', result: 't' }, 'tool-result'],
    [{ type: 'image_generation_call', result: 'AAAA', revised_prompt: 't' }, 'text'],
    [{ type: 'web_search_call', action: { type: 'find_in_page', pattern: 't', url: 'u' } }, 'text'],
    [{ type: 'local_shell_call', action: { type: 'exec', command: [], env: { TO: 't' } } }, 'text'],
    [{ type: 'local_shell_call', action: { type: 'exec', command: [], env: {}, working_directory: 't' } }, 'text'],
    [{ type: 'message', content: [{ type: 'output_text', annotations: [{ type: 'url_citation', title: 't' }] }] }, 'text'],
  ])('%o has one', (item, kind) => {
    const { texts, edited } = seen(lens.replaceRequest, { input: [item] })
    expect(texts).toEqual([[kind, 't']])
    expect(edited).toEqual({ input: [JSON.parse(JSON.stringify(item).replace('"t"', '"T"'))] })
    expect(seen(lens.replaceEvent, { type: 'response.output_item.done', item }).texts).toEqual([[kind, 't']])
    expect(seen(lens.replaceRequest, { input: item }).texts).toEqual([[kind, 't']])
  })

  test('what a JSON Schema of the answer is for is a description', () => {
    const format = { type: 'json_schema', name: 'n', description: 't', schema: {} }
    expect(seen(lens.replaceRequest, { text: { format } }).texts).toEqual([['description', 't']])
  })

  test('a string of input is a text', () => {
    expect(seen(lens.replaceRequest, { model: 'm', input: 'hi' }).edited).toEqual({ model: 'm', input: 'HI' })
  })

  test('what a stored prompt is filled with is text, and its media are not', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,abc' }
    const prompt = { id: 'pmpt_1', variables: { name: 'ann', doc: { type: 'input_text', text: 'long' }, image } }
    expect(seen(lens.replaceRequest, { prompt }).edited).toEqual({
      prompt: { id: 'pmpt_1', variables: { name: 'ANN', doc: { type: 'input_text', text: 'LONG' }, image } },
    })
    const body = { prompt }
    expect(lens.replaceRequest(body, (text) => text)).toBe(body)
  })

  test('nothing changed is the same object', () => {
    expect(lens.replaceRequest(request, (text) => text)).toBe(request)
    const response = wholeAnswer(fixtures.webSearch) as JsonObject
    expect(lens.replaceResponse(response, (text) => text)).toBe(response)
  })
})

describe('texts of an answer', () => {
  test('a recorded one', () => {
    const { texts, edited } = seen(lens.replaceResponse, wholeAnswer(fixtures.webSearch) as JsonObject)
    expect(texts).toEqual([
      ['text', 'You are a helpful assistant.'],
      ['text', 'weather: San Francisco, CA'],
      ['text', expect.stringContaining('San Francisco weather today')],
    ])
    expect(JSON.stringify(edited)).toContain('SAN FRANCISCO WEATHER TODAY')
  })

  test('the texts of the deltas are the text of the whole', () => {
    let deltas = ''
    let whole = ''
    for (const [, data = ''] of sse(fixtures.webSearch).matchAll(/^data: (.*)$/gm)) {
      const event = JSON.parse(data)
      lens.replaceEvent(event, (text, kind) => {
        if (kind === 'text' && event.type === 'response.output_text.delta') deltas += text
        if (event.type === 'response.output_text.done') whole = text
        return text
      })
    }
    expect(deltas).toBe(whole)
    expect(whole).toContain('San Francisco')
  })

  const events: [JsonObject, TextKind][] = [
    [{ type: 'response.output_text.delta', delta: 'x' }, 'text'],
    [{ type: 'response.output_text.done', text: 'x' }, 'text'],
    [{ type: 'response.refusal.delta', delta: 'x' }, 'text'],
    [{ type: 'response.function_call_arguments.delta', delta: 'x' }, 'arguments'],
    [{ type: 'response.function_call_arguments.done', arguments: 'x' }, 'arguments'],
    [{ type: 'response.reasoning_summary_text.delta', delta: 'x' }, 'reasoning'],
    [{ type: 'response.reasoning_text.done', text: 'x' }, 'reasoning'],
    [{ type: 'response.reasoning_summary_part.done', part: { type: 'summary_text', text: 'x' } }, 'reasoning'],
    [{ type: 'response.content_part.done', part: { type: 'output_text', text: 'x' } }, 'text'],
    [{ type: 'response.content_part.done', part: { type: 'reasoning_text', text: 'x' } }, 'reasoning'],
    [{ type: 'response.output_item.done', item: { type: 'function_call', arguments: 'x' } }, 'arguments'],
    [
      { type: 'response.completed', response: { output: [{ type: 'message', content: [{ type: 'output_text', text: 'x' }] }] } },
      'text',
    ],
  ]
  for (const [event, kind] of events) {
    test(`${event.type} of ${kind}`, () => {
      const { texts, edited } = seen(lens.replaceEvent, event)
      expect(texts).toEqual([[kind, 'x']])
      expect(JSON.stringify(edited)).toBe(JSON.stringify(event).replace('"x"', '"X"'))
    })
  }

  test('an event of no text is the same object', () => {
    const event = { type: 'response.web_search_call.searching', item_id: 'x' }
    expect(seen(lens.replaceEvent, event).edited).toBe(event)
  })
})

test('usage is read from a body and from an event', () => {
  const usage = { input_tokens: 3, output_tokens: 4 }
  expect(lens.usage({ usage })).toMatchObject({ input: 3, output: 4 })
  expect(lens.usage({ type: 'response.completed', response: { usage } })).toMatchObject({ input: 3, output: 4 })
  expect(lens.usage({ usage: null })).toBeUndefined()
})
