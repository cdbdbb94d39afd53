import { describe, expect, it } from 'vitest'
import type { EmbedRequest } from '../../../src/core/message.js'
import { bedrockEmbeddings } from '../../../src/protocols/bedrock-embeddings/index.js'

const models = {
  titan1: 'amazon.titan-embed-text-v1',
  titan2: 'amazon.titan-embed-text-v2:0',
  titanImage: 'amazon.titan-embed-image-v1',
  cohere3: 'cohere.embed-english-v3',
  cohere4: 'us.cohere.embed-v4:0',
  nova: 'amazon.nova-2-multimodal-embeddings-v1:0',
}

function encode(model: string, request: Partial<EmbedRequest> = {}, baseModel?: string) {
  const lost: string[] = []
  const lose = (path: string, action: string) => lost.push(`${action} ${path}`)
  const traits = baseModel === undefined ? {} : { baseModel }
  const body = bedrockEmbeddings.upstream.encodeRequest({ input: ['Hello'], ...request }, { model, stream: false, traits, lose })
  return { body, lost }
}

describe('a request for embeddings on Bedrock', () => {
  it.each([
    [models.titan1, { inputText: 'Hello' }],
    [models.titan2, { inputText: 'Hello' }],
    [models.titanImage, { inputText: 'Hello' }],
    [models.cohere3, { texts: ['Hello'], input_type: 'search_document', embedding_types: ['float'] }],
    [models.cohere4, { texts: ['Hello'], input_type: 'search_document', embedding_types: ['float'] }],
    [
      models.nova,
      {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX', text: { truncationMode: 'NONE', value: 'Hello' } },
      },
    ],
  ])('has the form of %s', (model, body) => {
    expect(encode(model)).toEqual({ body, lost: [] })
  })

  it('asks for a length where the model has several, and says so where it has one', () => {
    const dimensions = 256
    expect(encode(models.titan2, { dimensions }).body).toEqual({ inputText: 'Hello', dimensions })
    expect(encode(models.titanImage, { dimensions }).body).toEqual({
      inputText: 'Hello',
      embeddingConfig: { outputEmbeddingLength: 256 },
    })
    expect(encode(models.cohere4, { dimensions }).body).toMatchObject({ output_dimension: 256 })
    expect(encode(models.nova, { dimensions }).body).toMatchObject({ singleEmbeddingParams: { embeddingDimension: 256 } })
    for (const model of [models.titan1, models.cohere3]) {
      const { body, lost } = encode(model, { dimensions })
      expect(JSON.stringify(body)).not.toContain('256')
      expect(lost).toEqual(['dropped dimensions'])
    }
  })

  it.each([
    ['RETRIEVAL_QUERY', 'search_query', 'GENERIC_RETRIEVAL'],
    ['search_query', 'search_query', 'GENERIC_RETRIEVAL'],
    ['QUESTION_ANSWERING', 'search_query', 'GENERIC_RETRIEVAL'],
    ['RETRIEVAL_DOCUMENT', 'search_document', 'GENERIC_INDEX'],
    ['classification', 'classification', 'CLASSIFICATION'],
    ['CLUSTERING', 'clustering', 'CLUSTERING'],
  ])('says what %s is for, in the words of each maker', (task, cohere, nova) => {
    expect(encode(models.cohere4, { task }).body.input_type).toBe(cohere)
    expect(encode(models.nova, { task }).body).toMatchObject({ singleEmbeddingParams: { embeddingPurpose: nova } })
    expect(encode(models.titan2, { task }).lost).toEqual(['dropped task'])
  })

  it('takes several texts where the model does', () => {
    expect(encode(models.cohere3, { input: ['a', 'b'] }).body.texts).toEqual(['a', 'b'])
  })

  it.each([
    [models.titan2, 2, /embeds one text per request, not 2\. Send one call for each/],
    [models.nova, 2, /one text per request/],
    [models.cohere4, 97, /at most 96 texts per request, not 97\. Send them in several calls/],
  ])('refuses, for %s, %i texts at once, and says what to do', (model, count, message) => {
    expect(() => encode(model, { input: Array(count).fill('a') })).toThrowError(
      expect.objectContaining({ code: 'unsupported', param: 'input', message: expect.stringMatching(message) }),
    )
  })

  it('refuses tokens, nothing, and a model that makes no embeddings', () => {
    expect(() => encode(models.titan2, { input: [[1, 2]] })).toThrowError(
      expect.objectContaining({ code: 'unsupported', param: 'input' }),
    )
    expect(() => encode(models.titan2, { input: [] })).toThrowError(
      expect.objectContaining({ code: 'invalid_request', param: 'input' }),
    )
    expect(() => encode('nova-'.repeat(100_000))).toThrowError(expect.objectContaining({ code: 'unsupported' }))
    expect(() => encode('amazon.nova-lite-v1:0')).toThrowError(expect.objectContaining({ code: 'unsupported', param: 'model' }))
  })

  it('knows a model by what is told of its name', () => {
    expect(encode('arn:aws:bedrock:us-east-1:1:application-inference-profile/x', {}, models.titan2).body).toEqual({
      inputText: 'Hello',
    })
  })

  it('reports the user, for whom Bedrock has no word', () => {
    expect(encode(models.titan2, { user: 'u' }).lost).toEqual(['dropped user'])
  })
})
