import { describe, expect, it, test } from 'vitest'
import { asArray, type JsonObject } from '../../src/core/json.js'
import type { Traits } from '../../src/core/provider.js'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import { fitsStrict } from '../../src/protocols/openai-strict.js'

const closed = (properties: JsonObject, required = Object.keys(properties)): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const text = { type: 'string' }

describe('a schema that OpenAI holds to', () => {
  it.each<[string, JsonObject]>([
    ['closed, all of it required', closed({ a: text, b: { type: ['string', 'null'] } })],
    ['without members', closed({})],
    ['of lists and alternatives', closed({ a: { type: 'array', items: closed({ b: { anyOf: [text, { type: 'null' }] } }) } })],
    ['that refers to itself', { ...closed({ a: { $ref: '#/$defs/b' } }), $defs: { b: closed({ c: { $ref: '#/$defs/b' } }) } }],
  ])('is one %s', (_, schema) => {
    expect(fitsStrict(schema)).toBe(true)
  })

  it.each<[string, JsonObject]>([
    ['an open object', { type: 'object', properties: { a: text }, required: ['a'] }],
    ['a member that may be missing', closed({ a: text, b: text }, ['a'])],
    ['one further in', closed({ a: { type: 'array', items: closed({ b: text }, []) } })],
    ['one among alternatives', closed({ a: { anyOf: [closed({ b: text }, []), text] } })],
    ['one that is referred to', { ...closed({ a: { $ref: '#/$defs/b' } }), $defs: { b: { type: ['object', 'null'] } } }],
    ['a word that is refused', closed({ a: { oneOf: [text] } })],
    ['a part that is no object', closed({ a: true })],
  ])('is none with %s', (_, schema) => {
    expect(fitsStrict(schema)).toBe(false)
  })
})

test('a caller of Anthropic, which holds to more, asks OpenAI for what it can hold to, and that is reported', () => {
  const ask = (schema: JsonObject) => {
    const losses: string[] = []
    const lose = (path: string, action: string) => losses.push(`${action} ${path}`)
    const body = {
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [{ name: 'f', input_schema: schema, strict: true }],
      output_config: { format: { type: 'json_schema', schema } },
    }
    const request = anthropicMessages.downstream?.decodeRequest(body, lose)
    if (!request) throw new Error('Nobody calls in this protocol.')
    const context = { model: 'gpt-5', stream: false, traits: {}, lose }
    const chat = openaiChat.upstream.encodeRequest(request, context)
    const responses = openaiResponses.upstream.encodeRequest(request, context)
    return { bodies: JSON.stringify([chat, responses]), losses }
  }
  const loose = ask(closed({ a: text, b: text }, ['a']))
  expect(loose.bodies).not.toContain('"strict":true')
  expect(loose.bodies.match(/"strict":false/g)).toHaveLength(4)
  const told = ['approximated tools[0].function.strict', 'approximated response_format.json_schema.strict']
  expect(loose.losses).toEqual([...told, ...told])
  const tight = ask(closed({ a: text }))
  expect(tight.bodies.match(/"strict":true/g)).toHaveLength(4)
  expect(tight.losses).toEqual([])
})

test('a list, which Gemini is often asked for, is asked of OpenAI in words: it is held to objects alone', () => {
  for (const { upstream } of [openaiChat, openaiResponses]) {
    const losses: string[] = []
    const lose = (path: string, action: string) => losses.push(`${action} ${path}`)
    const schema = { type: 'array', items: closed({ a: text }) }
    const body = upstream.encodeRequest(
      {
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
        responseFormat: { type: 'json-schema', name: 'list', schema, strict: true },
      },
      { model: 'gpt-5', stream: false, traits: {}, lose },
    )
    const [first] = asArray(body.messages ?? body.input)
    expect(first).toMatchObject({ role: 'system', content: expect.stringContaining(JSON.stringify(schema)) })
    expect(JSON.stringify(body)).not.toContain('json_schema')
    expect(losses).toEqual(['approximated response_format'])
  }
})

test('arguments whose schema names no type are an object, as OpenAI wants to be told', () => {
  for (const { upstream } of [openaiChat, openaiResponses]) {
    const body = upstream.encodeRequest(
      {
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
        tools: [{ name: 'f', parameters: { properties: { a: text } } }],
      },
      { model: 'gpt-5', stream: false, traits: {}, lose: () => {} },
    )
    expect(JSON.stringify(body)).toContain('"parameters":{"type":"object","properties":')
  }
})

describe('JSON without a schema', () => {
  const sentence = { role: 'system', content: 'Answer with one JSON object and nothing else.' }
  const encoded = (texts: readonly string[], traits: Traits = {}) =>
    [openaiChat, openaiResponses].map(({ upstream }) => {
      const lost: string[] = []
      const lose = (path: string) => lost.push(path)
      const messages = texts.map((text) => ({ role: 'user', content: [{ type: 'text', text }] }) as const)
      const request = { messages, responseFormat: { type: 'json' } } as const
      const body = upstream.encodeRequest(request, { model: 'gpt-5', stream: false, traits, lose })
      return { messages: (body.messages ?? body.input) as JsonObject[], lost }
    })

  it('is asked for in words too, which OpenAI insists on, where the conversation begins without them', () => {
    for (const { messages, lost } of encoded(['Hello', 'Go on, in JSON'])) {
      expect(messages).toHaveLength(3)
      expect(messages[0]).toMatchObject(sentence)
      expect(lost).toEqual(['response_format'])
    }
  })

  it('is not asked for twice, nor where the target has no such mode', () => {
    for (const { messages, lost } of encoded(['Hello, in json'])) {
      expect(messages).toHaveLength(1)
      expect(lost).toEqual([])
    }
    for (const { messages } of encoded(['Hello'], { structuredOutput: 'none' })) expect(messages).not.toContainEqual(sentence)
  })
})
