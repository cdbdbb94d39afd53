import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { kindOf, protocolNames } from '../../src/protocols/index.js'
import { needsOf } from '../../src/protocols/needs.js'

/** The needs that are there, in words, and the bound. */
function needs(protocol: string, body: JsonObject): unknown[] {
  const { maxOutputTokens, ...rest } = needsOf(protocol, body)
  return [...Object.entries(rest).flatMap(([need, is]) => (is ? [need] : [])), ...(maxOutputTokens ? [maxOutputTokens] : [])]
}

const said = (...content: JsonObject[]) => ({ messages: [{ role: 'user', content }] })
const parts = (...parts: JsonObject[]) => ({ contents: [{ role: 'user', parts }] })

const all: Readonly<Record<string, JsonObject>> = {
  'openai-chat': {
    ...said({ type: 'text', text: 'x' }, { type: 'image_url' }, { type: 'input_audio' }, { type: 'file' }),
    tools: [{ type: 'function' }],
    response_format: { type: 'json_schema' },
    max_completion_tokens: 9,
  },
  'openai-responses': {
    input: [{ content: [{ type: 'input_image' }, { type: 'input_audio' }, { type: 'input_file' }] }],
    tools: [{ type: 'web_search' }],
    text: { format: { type: 'json_schema' } },
    max_output_tokens: 9,
  },
  'anthropic-messages': {
    ...said({ type: 'tool_result', content: [{ type: 'image' }] }, { type: 'document' }),
    tools: [{ name: 'x' }],
    output_config: { format: { type: 'json_schema' } },
    max_tokens: 9,
  },
  gemini: {
    ...parts(
      { inlineData: { mimeType: 'image/png' } },
      { file_data: { mime_type: 'audio/wav' } },
      { fileData: { mimeType: 'application/pdf' } },
    ),
    tools: [{ googleSearch: {} }],
    generationConfig: { responseJsonSchema: {}, maxOutputTokens: 9 },
  },
  'ai-sdk': {
    prompt: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'file', mediaType: 'image' },
          { type: 'file', mediaType: 'audio/wav' },
          { type: 'file', mediaType: 'application/pdf' },
        ],
      },
    ],
    tools: [{ type: 'function', name: 'x' }],
    responseFormat: { type: 'json', schema: { type: 'object' } },
    maxOutputTokens: 9,
  },
  'bedrock-converse': {
    ...said({ image: {} }, { audio: {} }, { toolResult: { content: [{ document: {} }] } }),
    toolConfig: { tools: [{ toolSpec: {} }] },
    outputConfig: { textFormat: { type: 'json_schema' } },
    inferenceConfig: { maxTokens: 9 },
  },
}

describe('what a request needs', () => {
  test('is known for every protocol that chats', () => {
    expect(Object.keys(all).sort()).toEqual(protocolNames.filter((name) => kindOf(name) === 'chat').sort())
  })

  test.each(Object.entries(all))('is found in %s', (protocol, body) => {
    const audible = protocol === 'anthropic-messages' ? [] : ['audio']
    expect(needs(protocol, body)).toEqual(['tools', 'images', ...audible, 'files', 'structuredOutput', 9])
  })

  test.each(Object.keys(all))('is nothing for a text in %s, nor for a body of another form', (protocol) => {
    const odd = { messages: 'x', contents: [null, { parts: {} }], input: 'x', tools: [], toolConfig: { tools: [] } }
    expect(needs(protocol, { ...odd, max_tokens: 'x' })).toEqual([])
    expect(needs(protocol, said({ type: 'text', text: 'image_url' }))).toEqual([])
  })

  test.each([
    ['video_url', 'files'],
    ['document_url', 'files'],
    ['audio_url', 'audio'],
  ])('is found in parts that only other servers than OpenAI take: %s', (type, need) => {
    expect(needs('openai-chat', said({ type: 'text', text: 'x' }, { type, [type]: { url: 'https://a.example/b' } }))).toEqual([
      need,
    ])
  })

  test("is a file where Google's media tell no type, as the address of a video does", () => {
    expect(needs('gemini', parts({ fileData: { fileUri: 'https://youtu.be/x' } }))).toEqual(['files'])
    expect(needs('gemini', parts({ inline_data: { data: 'eA==' } }))).toEqual(['files'])
  })

  test('is nothing for embeddings', () => {
    expect(needs('openai-embeddings', { input: ['x'], tools: [{}] })).toEqual([])
    expect(needs('constructor', {})).toEqual([])
  })

  test('tells a picture from a film where only the media type differs', () => {
    expect(needs('gemini', parts({ inlineData: { mimeType: 'video/mp4' } }))).toEqual(['files'])
    expect(needs('gemini', parts({ inlineData: { mimeType: 'image/webp' } }))).toEqual(['images'])
  })

  test.each([
    ['gemini', { contents: { parts: { inlineData: { mimeType: 'image/webp' } } }, tools: { googleSearch: {} } }],
    ['gemini', { ...parts({ functionResponse: { parts: [{ inlineData: { mimeType: 'image/webp' } }] } }), tools: [{}] }],
    ['openai-responses', { input: [{ type: 'computer_call_output', output: { type: 'computer_screenshot' } }], tools: [{}] }],
    ['bedrock-converse', { ...said({ guardContent: { image: {} } }), toolConfig: { tools: [{}] } }],
  ])('is found in what tools gave back, and where one item stands for a list: %s', (protocol, body) => {
    expect(needs(protocol, body as JsonObject)).toEqual(['tools', 'images'])
  })

  test('counts the older bound of OpenAI only where the newer is not given', () => {
    expect(needs('openai-chat', { max_tokens: 5 })).toEqual([5])
    expect(needs('openai-chat', { max_tokens: 5, max_completion_tokens: 7 })).toEqual([7])
  })
})
