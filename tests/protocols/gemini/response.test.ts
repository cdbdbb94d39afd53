import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { ChatResponse, FinishReason } from '../../../src/core/message.js'
import { noUsage } from '../../../src/core/usage.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { madeElsewhere } from '../../../src/protocols/gemini/signature.js'
import { decodeContext } from '../../helpers/decode.js'
import { brief, collectLosses } from './support.js'

function decode(body: JsonObject) {
  const { losses, lose } = collectLosses()
  return { answer: gemini.upstream.decodeResponse(body, decodeContext({ lose })), losses: brief(losses) }
}
const said = (parts: JsonObject[], over: JsonObject = {}) =>
  decode({ responseId: 'r1', candidates: [{ content: { parts }, finishReason: 'STOP', ...over }] })

describe('an answer of Gemini', () => {
  it('tells who answered, when and how fast it was served', () => {
    const { answer } = decode({
      responseId: 'r1',
      modelVersion: 'gemini-2.5-flash-002',
      createTime: '2025-08-25T20:59:49.714011Z',
      candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, totalTokenCount: 1, serviceTier: 'standard' },
    })
    expect(answer).toEqual({
      id: 'r1',
      model: 'gemini-2.5-flash-002',
      created: 1_756_155_589,
      choices: [{ content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop' }],
      usage: { ...noUsage, input: 1 },
      serviceTier: 'default',
    })
  })

  it('is of the model that was asked when it names none, and gets an id when it has none', () => {
    const { answer } = decode({ candidates: [{}] })
    expect(answer).toMatchObject({ model: 'asked-model', choices: [{ content: [], finishReason: 'other' }] })
    expect(answer.id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is none without a candidate, unless the prompt was blocked', () => {
    const malformed = expect.objectContaining({ code: 'upstream_malformed', retryable: true })
    for (const body of [{}, { candidates: [] }, { usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } }])
      expect(() => decode(body)).toThrow(malformed)
    const blocked = decode({ promptFeedback: { blockReason: 'SAFETY' } }).answer
    expect(blocked.choices).toEqual([{ content: [], finishReason: 'content-filter' }])
  })

  it('is none where it is an error, whatever its own status', () => {
    const error = { code: 429, message: 'Quota exceeded.', status: 'RESOURCE_EXHAUSTED' }
    expect(() => decode({ error })).toThrow(expect.objectContaining({ code: 'rate_limited', detail: 'Quota exceeded.' }))
  })

  it('keeps every part with its signature, in order', () => {
    const { answer, losses } = said([
      { text: 'Hm', thought: true, thoughtSignature: 'YQ==' },
      { text: 'Here' },
      { text: '', thoughtSignature: 'Yg==' },
      { functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 'Yw==' },
      { thoughtSignature: 'ZA==' },
      { text: '' },
    ])
    const signature = (value: string) => ({ format: 'google-gemini-v1', value })
    expect(answer.choices[0]?.content).toEqual([
      { type: 'reasoning', text: 'Hm', signature: signature('YQ==') },
      { type: 'text', text: 'Here' },
      { type: 'text', text: '', signature: signature('Yg==') },
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}', signature: signature('Yw==') },
      { type: 'text', text: '', signature: signature('ZA==') },
    ])
    expect(losses).toEqual([])
  })

  it('gives calls without an id one that is the same each time it is read, unique within it and over the turns', () => {
    const parts = [{ functionCall: { name: 'f' } }, { functionCall: { name: 'f', id: '' } }]
    const ids = (responseId: string) =>
      decode({ responseId, candidates: [{ content: { parts } }, { content: { parts } }] }).answer.choices.flatMap(({ content }) =>
        content.map((part) => part.type === 'tool-call' && part.id),
      )
    expect(ids('hA8uacrjJsqE998P26jViQY')).toEqual([
      'gem_hA8uacrjJsqE998P26jViQY_0',
      'gem_hA8uacrjJsqE998P26jViQY_1',
      'gem_hA8uacrjJsqE998P26jViQY_2',
      'gem_hA8uacrjJsqE998P26jViQY_3',
    ])
    expect(ids('other')[0]).not.toBe(ids('hA8uacrjJsqE998P26jViQY')[0])
    for (const id of ids(`${'x/'.repeat(60)}`)) expect(id).toMatch(/^[\w-]{1,40}$/)
  })

  it('keeps images and sound, and reports what it leaves out', () => {
    const { answer, losses } = said([
      { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'YQ==' },
      { inlineData: { mimeType: 'audio/L16;rate=24000', data: 'AAAA' } },
      { inlineData: { mimeType: 'application/pdf', data: 'AAAA' } },
      { toolCall: { toolType: 'GOOGLE_SEARCH_WEB' } },
      { executableCode: { language: 'PYTHON', code: '1' } },
      { wonder: 1 },
    ])
    expect(answer.choices[0]?.content.map(({ type }) => type)).toEqual(['image', 'audio', 'text'])
    expect(losses).toEqual([
      'dropped candidates[0].content.parts[0].thoughtSignature',
      'dropped candidates[0].content.parts[2]',
      'dropped candidates[0].content.parts[3]',
      'approximated candidates[0].content.parts[4]',
      'dropped candidates[0].content.parts[5]',
    ])
  })

  it.each<[string, FinishReason]>([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['CONTINUATION', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['BLOCKLIST', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['UNEXPECTED_TOOL_CALL', 'error'],
    ['LANGUAGE', 'other'],
    ['FINISH_REASON_OF_TOMORROW', 'other'],
    ['toString', 'other'],
  ])('%s is %s', (finishReason, reason) => {
    expect(said([{ text: 'x' }], { finishReason }).answer.choices[0]?.finishReason).toBe(reason)
  })

  it('waits for no tool that Google has run by itself', () => {
    const { answer, losses } = said([
      { functionCall: { name: 'f' } },
      { functionResponse: { name: 'f', response: {} } },
      { text: 'x' },
    ])
    expect(answer.choices[0]).toMatchObject({ content: [{ type: 'tool-call' }, { text: 'x' }], finishReason: 'stop' })
    expect(losses).toEqual(['dropped candidates[0].content.parts[1]'])
  })

  it('is filtered, and empty, when the prompt was blocked', () => {
    expect(decode({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }).answer.choices).toEqual([
      { content: [], finishReason: 'content-filter' },
    ])
  })

  it('tells the likelihood of its tokens', () => {
    const logprobsResult = {
      chosenCandidates: [
        { token: 'Hi', logProbability: -0.1 },
        { token: '!', logProbability: -0.2 },
      ],
      topCandidates: [
        {
          candidates: [
            { token: 'Hi', logProbability: -0.1 },
            { token: 'Ho', logProbability: -3 },
          ],
        },
      ],
    }
    expect(said([{ text: 'Hi!' }], { logprobsResult }).answer.choices[0]?.logprobs).toEqual([
      {
        token: 'Hi',
        logprob: -0.1,
        top: [
          { token: 'Hi', logprob: -0.1 },
          { token: 'Ho', logprob: -3 },
        ],
      },
      { token: '!', logprob: -0.2 },
    ])
  })

  it('is malformed when it is no object', () => {
    expect(() => gemini.upstream.decodeResponse([], decodeContext())).toThrow(
      expect.objectContaining({ code: 'upstream_malformed', retryable: true }),
    )
  })
})

describe('sources', () => {
  const chunks = [
    { web: { uri: 'https://a.example', title: 'A' } },
    { retrievedContext: { uri: 'gs://b', title: 'B', text: 'the source' } },
  ]

  it('stand at the words that rest on them, counted in bytes by Google and in UTF-16 by us', () => {
    const groundingMetadata = {
      groundingChunks: chunks,
      groundingSupports: [{ segment: { startIndex: 9, endIndex: 14, text: 'süß' }, groundingChunkIndices: [0, 1] }],
    }
    const { answer } = said([{ text: 'Kaffee ☕'.slice(0, 5) }, { text: '🍰 süß' }], { groundingMetadata })
    const [before, cited] = answer.choices[0]?.content ?? []
    expect(before).not.toHaveProperty('citations')
    expect(cited).toMatchObject({
      citations: [
        { url: 'https://a.example', title: 'A', start: 3, end: 6 },
        { url: 'gs://b', title: 'B', quote: 'the source', start: 3, end: 6 },
      ],
    })
  })

  it('have the page that an image was found on', () => {
    const image = { sourceUri: 'https://c.example', imageUri: 'https://c.example/c.png', title: 'C' }
    const { answer } = said([{ text: 'x' }], { groundingMetadata: { groundingChunks: [{ image }] } })
    expect(answer.choices[0]?.content[0]).toMatchObject({ citations: [{ url: 'https://c.example', title: 'C' }] })
  })

  it('are found by the quoted words where the numbers are of another text', () => {
    const groundingMetadata = {
      groundingChunks: chunks,
      groundingSupports: [{ segment: { startIndex: 0, endIndex: 4, text: 'here' }, groundingChunkIndices: [0] }],
    }
    const { answer } = said([{ text: 'It is here.' }], { groundingMetadata })
    expect(answer.choices[0]?.content[0]).toMatchObject({ citations: [{ start: 6, end: 10 }] })
  })

  it('are told by the last text alone when they have no place', () => {
    const { answer } = said([{ text: 'x' }, { text: 'y' }], { groundingMetadata: { groundingChunks: chunks.slice(0, 1) } })
    expect(answer.choices[0]?.content).toEqual([
      { type: 'text', text: 'x' },
      { type: 'text', text: 'y', citations: [{ url: 'https://a.example', title: 'A' }] },
    ])
  })

  it('are told without a place when they have none', () => {
    const { answer } = said([{ text: 'x' }], { groundingMetadata: { groundingChunks: chunks.slice(0, 1) } })
    expect(answer.choices[0]?.content[0]).toMatchObject({ citations: [{ url: 'https://a.example', title: 'A' }] })
  })

  it('of recited text are sources as well', () => {
    const { answer } = said([{ text: 'for all' }], {
      citationMetadata: { citations: [{ startIndex: 4, endIndex: 7, uri: 'https://c.example' }] },
    })
    expect(answer.choices[0]?.content[0]).toMatchObject({ citations: [{ url: 'https://c.example', start: 4, end: 7 }] })
  })
})

describe('an answer for a caller of Gemini', () => {
  const encode = (over: Partial<ChatResponse>) =>
    gemini.downstream?.encodeResponse({ id: 'r1', model: 'm', choices: [], ...over }, { messages: [] })

  it('has the shape of Google’s own', () => {
    const body = encode({
      created: 1_756_155_589,
      usage: { ...noUsage, input: 5, cacheRead: 4, output: 3, reasoning: 2 },
      serviceTier: 'default',
      choices: [
        {
          content: [
            { type: 'reasoning', text: 'Hm' },
            { type: 'text', text: 'Hi', signature: { format: 'google-gemini-v1', value: 'YQ==' } },
            { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' },
            { type: 'image', source: { kind: 'base64', data: 'AAAA', mediaType: 'image/png' } },
          ],
          finishReason: 'tool-calls',
          logprobs: [{ token: 'Hi', logprob: -0.1 }],
        },
      ],
    })
    expect(body).toEqual({
      candidates: [
        {
          content: {
            parts: [
              { text: 'Hm', thought: true },
              { text: 'Hi', thoughtSignature: 'YQ==' },
              // Gemini did not make it, and would else refuse it in a history.
              { functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: madeElsewhere },
              { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
            ],
            role: 'model',
          },
          finishReason: 'STOP',
          index: 0,
          logprobsResult: { chosenCandidates: [{ token: 'Hi', logProbability: -0.1 }] },
        },
      ],
      usageMetadata: {
        promptTokenCount: 9,
        candidatesTokenCount: 3,
        totalTokenCount: 14,
        cachedContentTokenCount: 4,
        thoughtsTokenCount: 2,
        serviceTier: 'standard',
      },
      modelVersion: 'm',
      createTime: '2025-08-25T20:59:49.000Z',
      responseId: 'r1',
    })
  })

  it('reads back as what it was made of', () => {
    const response: ChatResponse = {
      id: 'r1',
      model: 'm',
      choices: [
        {
          content: [
            { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'EpwB' } },
            { type: 'text', text: 'Süß: hier', citations: [{ url: 'https://a.example', title: 'A', start: 5, end: 9 }] },
            { type: 'tool-call', id: 'toolu_1', name: 'f', arguments: '{}' },
          ],
          finishReason: 'tool-calls',
        },
        { content: [], finishReason: 'content-filter' },
      ],
      usage: { ...noUsage, input: 1, output: 2 },
    }
    const body = encode(response) as JsonObject
    expect(gemini.upstream.decodeResponse(JSON.parse(JSON.stringify(body)), decodeContext())).toEqual(response)
  })

  it('counts the places of sources in bytes, over all of its texts', () => {
    const source = (start: number, end: number) => [{ url: 'https://a.example', start, end }]
    const body = encode({
      choices: [
        {
          content: [
            { type: 'text', text: 'Süß', citations: source(1, 3) },
            { type: 'reasoning', text: 'Hm' },
            { type: 'text', text: 'Ähm', citations: [...source(1, 3), { title: 'B' }] },
          ],
          finishReason: 'stop',
        },
      ],
    })
    const [{ groundingMetadata }] = (body as { candidates: [{ groundingMetadata: object }] }).candidates
    expect(groundingMetadata).toEqual({
      groundingChunks: [{ web: { uri: 'https://a.example' } }, { web: { uri: 'https://a.example' } }, { web: { title: 'B' } }],
      groundingSupports: [
        { segment: { startIndex: 1, endIndex: 5, text: 'üß' }, groundingChunkIndices: [0] },
        { segment: { startIndex: 7, endIndex: 9, text: 'hm' }, groundingChunkIndices: [1] },
      ],
    })
  })

  it('tells what else each token could have been', () => {
    const top = [
      { token: 'a', logprob: -1 },
      { token: 'b', logprob: -2 },
    ]
    const logprobs = [
      { token: 'a', logprob: -1, top },
      { token: 'c', logprob: -3 },
    ]
    expect(encode({ choices: [{ content: [], finishReason: 'stop', logprobs }] })).toMatchObject({
      candidates: [
        {
          logprobsResult: {
            chosenCandidates: [
              { token: 'a', logProbability: -1 },
              { token: 'c', logProbability: -3 },
            ],
            topCandidates: [
              {
                candidates: [
                  { token: 'a', logProbability: -1 },
                  { token: 'b', logProbability: -2 },
                ],
              },
              { candidates: [] },
            ],
          },
        },
      ],
    })
  })

  it('tells sound and text apart in its usage', () => {
    const usage = { ...noUsage, input: 5, audioInput: 7, output: 3, audioOutput: 11, reasoning: 2 }
    expect(encode({ usage })).toMatchObject({
      usageMetadata: {
        promptTokenCount: 12,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 5 },
          { modality: 'AUDIO', tokenCount: 7 },
        ],
        candidatesTokenCount: 14,
        candidatesTokensDetails: [
          { modality: 'TEXT', tokenCount: 3 },
          { modality: 'AUDIO', tokenCount: 11 },
        ],
        thoughtsTokenCount: 2,
        totalTokenCount: 28,
      },
    })
  })

  it('shows arguments that were cut short rather than losing them', () => {
    const body = encode({
      choices: [{ content: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{"x' }], finishReason: 'length' }],
    })
    expect(body).toMatchObject({
      candidates: [{ content: { parts: [{ functionCall: { args: { arguments: '{"x' } } }] }, finishReason: 'MAX_TOKENS' }],
    })
  })
})
