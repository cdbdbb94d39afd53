import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { EmbedRequest } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { noUsage } from '../../../src/core/usage.js'
import { geminiEmbeddings } from '../../../src/protocols/gemini-embeddings/index.js'

const { upstream, lens } = geminiEmbeddings
const vertex: Traits = { embedForm: 'predict' }

function encode(request: EmbedRequest, model = 'gemini-embedding-001', traits: Traits = {}) {
  const losses: string[] = []
  const body = upstream.encodeRequest(request, {
    model,
    stream: false,
    traits,
    lose: (path, action) => losses.push(`${action} ${path}`),
  })
  return { body, losses }
}

describe("Google's own SDK and we", () => {
  let seen: { path: string; body: JsonObject } | undefined
  const server = createServer(async (incoming, outgoing) => {
    let text = ''
    for await (const piece of incoming) text += piece
    seen = { path: incoming.url ?? '', body: JSON.parse(text) }
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  let baseUrl = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  it.each<[string, string, Traits, string[], string]>([
    ['of the Gemini API', 'gemini-embedding-001', {}, ['one', 'two'], 'batchEmbedContents'],
    ['of Vertex AI', 'gemini-embedding-001', vertex, ['one', 'two'], 'predict'],
    ['of Vertex AI, for newer models', 'gemini-embedding-2-preview', vertex, ['one'], 'embedContent'],
  ])('send the same request to the address %s, and we know it again', async (_, model, traits, texts, method) => {
    const vertexai = traits.embedForm === 'predict'
    const ai = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl }, ...(vertexai && { vertexai }) })
    await ai.models
      .embedContent({ model, contents: texts, config: { taskType: 'RETRIEVAL_QUERY', outputDimensionality: 256 } })
      .catch(() => {})
    const { path, body } = seen ?? { path: '', body: {} }
    expect(path).toMatch(new RegExp(`/models/${model}:${method}$`))
    expect(geminiEmbeddings.match(path, body)).toEqual({ model, stream: false })
    const ours = encode({ input: texts, dimensions: 256, task: 'RETRIEVAL_QUERY' }, model, traits).body
    expect(plain(body)).toEqual(plain(ours))
  })
})

/** Without the roles that the SDK gives to texts: they mean nothing here. */
function plain(body: JsonObject): unknown {
  return JSON.parse(JSON.stringify(body, (name, value) => (name === 'role' ? undefined : value)))
}

describe('a request', () => {
  it('names the model in each item of a batch', () => {
    expect(encode({ input: ['a', 'b'] }).body).toEqual({
      requests: [
        { model: 'models/gemini-embedding-001', content: { parts: [{ text: 'a' }] } },
        { model: 'models/gemini-embedding-001', content: { parts: [{ text: 'b' }] } },
      ],
    })
  })

  it('reports what Google does not ask', () => {
    expect(encode({ input: ['a'], user: 'u' }).losses).toEqual(['dropped user'])
  })

  it('is refused with tokens for text, before anything is sent', () => {
    expect(() => encode({ input: ['a', [1, 2]] })).toThrow(expect.objectContaining({ code: 'unsupported', param: 'input[1]' }))
  })

  it('is refused with many texts where the model takes one', () => {
    expect(() => encode({ input: ['a', 'b'] }, 'gemini-embedding-2-preview', vertex)).toThrow(
      /^\[unsupported\] "gemini-embedding-2-preview" embeds one text at a time on this provider/,
    )
    expect(() => encode({ input: ['a', 'b'] }, 'my-endpoint', { ...vertex, baseModel: 'text-embedding-005' })).not.toThrow()
  })
})

describe('an answer', () => {
  const request = { input: ['a', 'b'] }
  it.each<[string, JsonObject, number | undefined]>([
    ['a batch', { embeddings: [{ values: [1, 2] }, { values: [3, 4] }] }, undefined],
    ['a batch that counts', { embeddings: [{ values: [1, 2] }, { values: [3, 4] }], usageMetadata: { promptTokenCount: 7 } }, 7],
    [
      'predictions',
      {
        predictions: [
          { embeddings: { values: [1, 2], statistics: { token_count: 3 } } },
          { embeddings: { values: [3, 4], statistics: { token_count: 4 } } },
        ],
      },
      7,
    ],
  ])('of %s', (_, body, input) => {
    const answer = upstream.decodeResponse(body, { model: 'm', request })
    expect(answer).toEqual({
      model: 'm',
      vectors: [
        [1, 2],
        [3, 4],
      ],
      ...(input !== undefined && { usage: { ...noUsage, input } }),
    })
    expect(lens.usage(body)).toEqual(answer.usage)
  })

  it('of one text', () => {
    const body = { embedding: { values: [1, 2], statistics: { tokenCount: 2 } } }
    expect(upstream.decodeResponse(body, { model: 'm', request: { input: ['a'] } })).toEqual({
      model: 'm',
      vectors: [[1, 2]],
      usage: { ...noUsage, input: 2 },
    })
  })

  it('with a vector too few is malformed', () => {
    expect(() => upstream.decodeResponse({ embeddings: [{ values: [1] }] }, { model: 'm', request })).toThrow(
      expect.objectContaining({ code: 'upstream_malformed', retryable: true }),
    )
    expect(() => upstream.decodeResponse({ embeddings: [{ values: [1] }, {}] }, { model: 'm', request })).toThrow(
      'upstream_malformed',
    )
  })
})

describe('a body that passes through', () => {
  it('is not taken for embeddings when it predicts something else', () => {
    const path = '/v1/projects/p/locations/l/publishers/google/models/imagen-4:predict'
    expect(geminiEmbeddings.match(path, { instances: [{ prompt: 'a cat' }] })).toBeUndefined()
    expect(geminiEmbeddings.match('/v1beta/models/gemini-2.5-pro:generateContent', {})).toBeUndefined()
    expect(geminiEmbeddings.match('/v1beta/models/a%2Bb:embedContent', {})).toEqual({ model: 'a+b', stream: false })
    const named = { model: 'google/gemini-embedding-001', stream: false }
    expect(geminiEmbeddings.match('/v1beta/models/google/gemini-embedding-001:embedContent', {})).toEqual(named)
  })

  it('names another model in each item of a batch, and nothing else changes', () => {
    const body = { requests: [{ model: 'models/a', content: { parts: [{ text: 'x' }] }, title: 't' }] }
    expect(geminiEmbeddings.withModel(body, 'b')).toEqual({ requests: [{ ...body.requests[0], model: 'models/b' }] })
    const single = { content: { parts: [{ text: 'x' }] } }
    expect(geminiEmbeddings.withModel(single, 'b')).toBe(single)
  })

  it('has its texts seen in every form', () => {
    const loud = (text: string) => text.toUpperCase()
    expect(lens.replaceRequest({ content: { parts: [{ text: 'a' }] } }, loud)).toEqual({ content: { parts: [{ text: 'A' }] } })
    expect(lens.replaceRequest({ requests: [{ content: { parts: [{ text: 'a' }] } }] }, loud)).toEqual({
      requests: [{ content: { parts: [{ text: 'A' }] } }],
    })
    expect(lens.replaceRequest({ instances: [{ content: 'a', task_type: 'x' }] }, loud)).toEqual({
      instances: [{ content: 'A', task_type: 'x' }],
    })
    expect(lens.replaceRequest({ content: { parts: { text: 'a' } }, title: 'b' }, loud)).toEqual({
      content: { parts: { text: 'A' } },
      title: 'B',
    })
    expect(lens.replaceRequest({ requests: { content: { parts: [{ text: 'a' }] }, title: 'b' } }, loud)).toEqual({
      requests: { content: { parts: [{ text: 'A' }] }, title: 'B' },
    })
    expect(lens.replaceRequest({ instances: [{ content: 'a', title: 'b' }] }, loud)).toEqual({
      instances: [{ content: 'A', title: 'B' }],
    })
    const answer = { embedding: { values: [1] } }
    expect(lens.replaceResponse(answer, loud)).toBe(answer)
  })

  it('gets its errors in Google’s words', () => {
    const text = '{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}'
    const error = geminiEmbeddings.decodeError({ status: 429, headers: new Headers(), text })
    expect(error).toMatchObject({ code: 'rate_limited', retryable: true, upstream: { protocol: 'gemini-embeddings' } })
    expect(geminiEmbeddings.encodeError(error)).toEqual({ status: 429, body: JSON.parse(text) })
  })
})

it.each([
  ['gemini-embedding-001', {}, 100],
  ['gemini-embedding-001', { embedForm: 'predict' }, 1],
  ['gemini-embedding-2-preview', { embedForm: 'predict' }, 1],
  ['text-embedding-005', { embedForm: 'predict' }, 250],
  ['a-deployment', { embedForm: 'predict', baseModel: 'gemini-embedding-001' }, 1],
] as const)('%s with %o takes so many texts in one request: %i', (model, traits, most) => {
  expect(geminiEmbeddings.upstream.maxInputs?.(model, traits)).toBe(most)
})
