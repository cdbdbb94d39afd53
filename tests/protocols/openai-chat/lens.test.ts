import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { recordings } from './kit.js'

const { lens } = openaiChat

/** Every text that was visited, as `kind: text`. */
function visited(
  replaceIn: (body: JsonObject, replace: (text: string, kind: string) => string) => JsonObject,
  body: JsonObject,
): string[] {
  const seen: string[] = []
  const same = replaceIn(body, (text, kind) => {
    seen.push(`${kind}: ${text}`)
    return text
  })
  expect(same).toBe(body)
  return seen
}

const request: JsonObject = {
  model: 'm',
  messages: [
    { role: 'system', content: 'a' },
    {
      role: 'user',
      name: 'n',
      content: [
        { type: 'text', text: 'b' },
        { type: 'image_url', image_url: { url: 'https://x' } },
      ],
    },
    {
      role: 'assistant',
      content: [{ type: 'refusal', refusal: 'c' }],
      refusal: 'd',
      reasoning_content: 'e',
      reasoning_details: [
        { type: 'reasoning.text', text: 'f', signature: 's' },
        { type: 'reasoning.summary', summary: 'g' },
      ],
      tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{"h":1}' } }],
    },
    { role: 'tool', tool_call_id: '1', content: 'i' },
    { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: 'j' }] },
    { role: 'function', name: 'f', content: 'k' },
  ],
  tools: [{ type: 'function', function: { name: 'f', description: 'l', parameters: { description: 'not this' } } }],
  response_format: { type: 'json_schema', json_schema: { name: 'x', description: 'm' } },
  prediction: { type: 'content', content: 'n' },
  user: 'u',
}

describe('the texts of a request', () => {
  test('are all visited, each by its kind', () => {
    expect(visited(lens.replaceRequest, request)).toEqual([
      'description: l',
      'description: m',
      'text: n',
      'text: a',
      'text: b',
      'text: c',
      'text: d',
      'reasoning: e',
      'reasoning: f',
      'reasoning: g',
      'arguments: {"h":1}',
      'tool-result: i',
      'tool-result: j',
      'tool-result: k',
    ])
  })

  test('are replaced in a copy that shares all that stayed', () => {
    const before = JSON.stringify(request)
    const replaced = lens.replaceRequest(request, (text) => (text === 'b' ? 'B' : text))
    expect(JSON.stringify(request)).toBe(before)
    expect(JSON.stringify(replaced)).toBe(before.replace('"text":"b"', '"text":"B"'))
    const [first, second] = [request.messages, replaced.messages] as [JsonObject[], JsonObject[]]
    expect(second[0]).toBe(first[0])
    expect(second[1]).not.toBe(first[1])
    expect(replaced.tools).toBe(request.tools)
  })

  test.each([{ content: ['a'] }, { content: { type: 'text', text: 'a' } }])(
    'are seen in forms that only some vendors take: %o',
    (said) => {
      const loud = lens.replaceRequest({ messages: [{ role: 'user', ...said }] }, (text) => text.toUpperCase())
      expect(loud).toEqual({ messages: [{ role: 'user', ...JSON.parse(JSON.stringify(said).replace('"a"', '"A"')) }] })
    },
  )

  test('stand in documents too, which some vendors take beside the messages', () => {
    const documents = [
      'a',
      { doc_id: '1', title: 'b', text: 'c' },
      { id: '2', source: { type: 'text', text: 'd' } },
      { id: '3', source: { type: 'json', data: { owner: ['e'] } } },
    ]
    expect(visited(lens.replaceRequest, { messages: [], documents })).toEqual([
      'text: a',
      'text: b',
      'text: c',
      'text: d',
      'text: e',
    ])
  })

  test('may be anything at all, and nothing breaks', () => {
    for (const messages of [
      undefined,
      null,
      'x',
      {},
      [null, 7, 'x', { role: 'user' }, { role: 'user', content: { value: 'x' } }],
    ])
      expect(visited(lens.replaceRequest, { messages } as JsonObject)).toEqual([])
  })
})

describe('the texts of an answer', () => {
  const answer = {
    content: 'a',
    refusal: 'b',
    reasoning: 'c',
    annotations: [{ type: 'url_citation', url_citation: { title: 'd', content: 'e', url: 'https://x' } }],
    audio: { transcript: 'f', data: 'AA==' },
    tool_calls: [{ function: { arguments: '{}' } }, { custom: { input: 'g' } }],
    function_call: { arguments: '{"h":1}' },
  }
  const expected = [
    'text: a',
    'text: b',
    'reasoning: c',
    'arguments: {}',
    'text: g',
    'arguments: {"h":1}',
    'text: f',
    'text: d',
    'text: e',
  ]

  test('are all visited, whole or in an event', () => {
    expect(visited(lens.replaceResponse, { choices: [{ index: 0, message: answer }] })).toEqual(expected)
    expect(visited(lens.replaceEvent, { choices: [{ index: 0, delta: answer }] })).toEqual(expected)
  })

  test.each(
    recordings.filter(({ response }) => response.status === 200 && response.body && !('message' in Object(response.body))),
  )('$file: every text of the vendor’s is visited and can be replaced', ({ response }) => {
    const body = response.body as JsonObject
    const said = visited(lens.replaceResponse, body)
    expect(said.length).toBeGreaterThan(0)
    const shouted = JSON.stringify(lens.replaceResponse(body, (text) => `<${text}>`))
    for (const text of said) expect(shouted).toContain(JSON.stringify(`<${text.slice(text.indexOf(': ') + 2)}>`))
  })
})
