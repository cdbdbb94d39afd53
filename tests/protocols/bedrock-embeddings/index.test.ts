import { describe, expect, it } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import type { JsonObject } from '../../../src/core/json.js'
import { bedrockEmbeddings } from '../../../src/protocols/bedrock-embeddings/index.js'

const { lens, match } = bedrockEmbeddings
const arn = encodeURIComponent('arn:aws:bedrock:us-east-1:1:application-inference-profile/x')

describe('a call for embeddings on Bedrock', () => {
  it('is known by its model, or by its body where the name tells nothing', () => {
    expect(match('/model/amazon.titan-embed-text-v2%3A0/invoke', {})).toEqual({
      model: 'amazon.titan-embed-text-v2:0',
      stream: false,
    })
    expect(match(`/model/${arn}/invoke`, { texts: ['a'], input_type: 'search_query' })?.model).toMatch(/^arn:aws/)
    expect(
      match(`/model/${arn}/invoke`, {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX' },
      }),
    ).toBeDefined()
  })

  it('is not a chat, which InvokeModel also takes', () => {
    expect(match('/model/anthropic.claude-3-haiku/invoke', { messages: [] })).toBeUndefined()
    expect(match(`/model/${arn}/invoke`, { inputText: 'Titan may answer to this with text' })).toBeUndefined()
    expect(match('/model/amazon.titan-embed-text-v2%3A0/converse', {})).toBeUndefined()
  })

  it.each<[JsonObject, string[]]>([
    [{ inputText: 'a', dimensions: 256 }, ['a']],
    [{ texts: ['a', 'b'], input_type: 'x' }, ['a', 'b']],
    [
      {
        inputs: [
          {
            content: [
              { type: 'text', text: 'a' },
              { type: 'image_url', image_url: 'data:x' },
            ],
          },
        ],
      },
      ['a'],
    ],
    [{ taskType: 'x', singleEmbeddingParams: { embeddingPurpose: 'y', text: { truncationMode: 'END', value: 'a' } } }, ['a']],
  ])('has its texts seen and replaced where they stand: %j', (body, texts) => {
    const seen: string[] = []
    expect(
      lens.replaceRequest(body, (text) => {
        seen.push(text)
        return text
      }),
    ).toBe(body)
    expect(seen).toEqual(texts)
    expect(JSON.stringify(lens.replaceRequest(body, () => '…'))).toBe(JSON.stringify(body).replace(/"[ab]"/g, '"…"'))
  })

  it('tells its usage where the body does', () => {
    expect(lens.usage({ embedding: [1], inputTextTokenCount: 9 })).toMatchObject({ input: 9 })
    expect(lens.usage({ embeddings: [[1]] })).toBeUndefined()
  })

  it('fails as Bedrock does, under its own name', () => {
    const failed = {
      status: 429,
      headers: new Headers({ 'x-amzn-errortype': 'ThrottlingException' }),
      text: '{"message":"Slow"}',
    }
    const error = bedrockEmbeddings.decodeError(failed)
    expect(error).toMatchObject({ code: 'rate_limited', retryable: true })
    expect(error.upstream?.protocol).toBe('bedrock-embeddings')
    expect(bedrockEmbeddings.encodeError(error)).toEqual({
      status: 429,
      body: { __type: 'ThrottlingException', message: 'Slow' },
    })
    expect(bedrockEmbeddings.encodeError(new LeashError('budget_exceeded', 'Enough.'))).toEqual({
      status: 402,
      body: { __type: 'ServiceQuotaExceededException', message: '[budget_exceeded] Enough.' },
    })
  })
})
