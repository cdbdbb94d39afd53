import { describe, expect, it } from 'vitest'
import { bedrockEmbeddings } from '../../../src/protocols/bedrock-embeddings/index.js'

const decode = (body: unknown, input = ['a']) =>
  bedrockEmbeddings.upstream.decodeResponse(body, { model: 'm', request: { input } })

describe('an answer with embeddings from Bedrock', () => {
  it("is Titan's, with usage", () => {
    expect(decode({ embedding: [0.1, -0.2], inputTextTokenCount: 3, embeddingsByType: { float: [0.1, -0.2] } })).toEqual({
      model: 'm',
      vectors: [[0.1, -0.2]],
      usage: expect.objectContaining({ input: 3, output: 0 }),
    })
  })

  it("is Cohere's, by type or not, without usage", () => {
    const vectors = [
      [1, 2],
      [3, 4],
    ]
    const expected = { model: 'm', vectors }
    expect(decode({ embeddings: vectors, response_type: 'embeddings_floats' }, ['a', 'b'])).toEqual(expected)
    expect(decode({ embeddings: { float: vectors }, response_type: 'embeddings_by_type' }, ['a', 'b'])).toEqual(expected)
  })

  it("is Nova's", () => {
    expect(decode({ embeddings: [{ embeddingType: 'TEXT', embedding: [1, 2] }] })).toEqual({ model: 'm', vectors: [[1, 2]] })
  })

  it.each([[{}], [null], [{ embedding: [] }], [{ embedding: ['x'] }], [{ embeddings: [[1], [2]] }]])(
    'is malformed, and worth another try, when it has not one vector for each input: %j',
    (body) => {
      expect(() => decode(body)).toThrowError(expect.objectContaining({ code: 'upstream_malformed', retryable: true }))
    },
  )
})
