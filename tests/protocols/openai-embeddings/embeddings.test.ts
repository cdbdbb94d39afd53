import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { EmbedRequest } from '../../../src/core/message.js'
import type { Traits } from '../../../src/core/provider.js'
import { usageOf } from '../../../src/core/usage.js'
import { openaiEmbeddings } from '../../../src/protocols/openai-embeddings/index.js'
import type { EmbedDownstream } from '../../../src/protocols/protocol.js'
import { serve } from '../../helpers/serve.js'

const { upstream, lens } = openaiEmbeddings
const downstream = openaiEmbeddings.downstream as EmbedDownstream

function encoded(request: EmbedRequest, traits: Traits = {}): { body: JsonObject; losses: string[] } {
  const losses: string[] = []
  const lose = (path: string, action: string) => void losses.push(`${path} ${action}`)
  return { body: upstream.encodeRequest(request, { model: 'm', stream: false, traits, lose }), losses }
}

const decode = (body: unknown, input: EmbedRequest['input'] = ['a']) =>
  upstream.decodeResponse(body, { model: 'asked', request: { input } })
/** Written by Node, to hold our own reading and writing to. */
const base64 = (vector: readonly number[]) => Buffer.from(Float32Array.from(vector).buffer).toString('base64')

describe('a request for embeddings', () => {
  test.each([
    ['/v1/embeddings', { model: 'm' }, 'm'],
    ['/openai/deployments/ada/embeddings?api-version=1', {}, 'ada'],
    ['/v1/embeddings/', {}, ''],
  ] as [string, JsonObject, string][])('%s is one', (path, body, model) => {
    expect(openaiEmbeddings.match(path, body)).toEqual({ model, stream: false })
  })

  test('other addresses are not', () => {
    for (const path of ['/v1/chat/completions', '/v1/embeddings/1', '/v1/xembeddings'])
      expect(openaiEmbeddings.match(path, {})).toBeUndefined()
  })

  test.each([
    ['a', ['a']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[1, 2], [[1, 2]]],
    [
      [[1, 2], 'b', [3]],
      [[1, 2], 'b', [3]],
    ],
  ])('the input %j is a list of inputs', (input, expected) => {
    expect(downstream.decodeRequest({ input }, () => {}).input).toEqual(expected)
  })

  test.each([
    ['input', {}],
    ['input', { input: [] }],
    ['input[1]', { input: ['a', {}] }],
    ['input[0]', { input: [[]] }],
    ['encoding_format', { input: 'a', encoding_format: 'hex' }],
    ['dimensions', { input: 'a', dimensions: '8' }],
  ] as [string, JsonObject][])('a wrong `%s` is refused by its name', (param, body) => {
    expect(() => downstream.decodeRequest(body, () => {})).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
  })

  test('each member that nobody reads is reported', () => {
    const lost: string[] = []
    const body = { model: 'm', input: 'a', user: null, input_type: 'query', truncate: 'END', seed: null }
    downstream.decodeRequest(body, (path, action) => lost.push(`${action} ${path}`))
    expect(lost).toEqual(['dropped input_type', 'dropped truncate'])
  })

  test('keeps its members on the way to a target, in floats', () => {
    const request = downstream.decodeRequest({ input: 'a', dimensions: 8, user: 'u', encoding_format: 'base64' }, () => {})
    expect(request).toEqual({ input: ['a'], dimensions: 8, user: 'u', encoding: 'base64' })
    expect(encoded(request)).toEqual({
      body: { model: 'm', input: ['a'], encoding_format: 'float', dimensions: 8, user: 'u' },
      losses: [],
    })
  })

  test('leaves out what the target refuses or has no word for, and says so', () => {
    const { body, losses } = encoded(
      { input: ['a'], dimensions: 8, task: 'query' },
      { refuses: ['dimensions', 'encoding_format'] },
    )
    expect(body).toEqual({ model: 'm', input: ['a'] })
    expect(losses).toEqual(['task dropped', 'dimensions dropped', 'encoding_format approximated'])
  })

  test('passes through as the same object when nothing is refused', () => {
    const body = { input: 'a', model: 'm' }
    expect(openaiEmbeddings.adapt?.(body, { refuses: ['user'] }, () => {})).toBe(body)
    expect(openaiEmbeddings.adapt?.({ ...body, user: 'u' }, { refuses: ['user'] }, () => {})).toEqual(body)
  })
})

describe('an answer with embeddings', () => {
  const usage = { prompt_tokens: 4, total_tokens: 4 }

  test('is read in floats or base64, in the order of its numbers', () => {
    const data = [
      { index: 1, embedding: base64([0.5, -1]) },
      { index: 0, embedding: [1, 2] },
    ]
    expect(decode({ model: 'ada-2', data, usage }, ['a', 'b'])).toEqual({
      model: 'ada-2',
      vectors: [
        [1, 2],
        [0.5, -1],
      ],
      usage: usageOf({ input: 4 }),
    })
  })

  test('names the model that was asked for when it names none, and no usage when it tells none', () => {
    expect(decode({ data: [{ embedding: [1] }] })).toEqual({ model: 'asked', vectors: [[1]] })
  })

  test.each([
    ['too few', { data: [] }],
    ['too many', { data: [{ embedding: [1] }, { embedding: [1] }] }],
    ['a vector that is none', { data: [{ embedding: 'ä' }] }],
    ['half a float', { data: [{ embedding: 'AAA=' }] }],
    ['words among numbers', { data: [{ embedding: [1, 'x'] }] }],
    ['nothing', undefined],
  ])('%s is malformed', (_what, body) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'upstream_malformed', retryable: true }))
  })

  test('an error with status 200 is an error', () => {
    expect(() => decode({ error: { message: 'Slow', code: 429 } })).toThrow(expect.objectContaining({ code: 'rate_limited' }))
  })

  test('is written as the caller asked, and the bytes are those of 32-bit floats', () => {
    const answer = { model: 'm', vectors: [[0.1, -2]], usage: usageOf({ input: 4 }) }
    expect(downstream.encodeResponse(answer, { input: ['a'] })).toEqual({
      object: 'list',
      model: 'm',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, -2] }],
      usage,
    })
    expect(downstream.encodeResponse(answer, { input: ['a'], encoding: 'base64' }).data).toEqual([
      { object: 'embedding', index: 0, embedding: base64([0.1, -2]) },
    ])
  })

  test('any vector of 32-bit floats survives base64, of any length', () => {
    const vector = fc.array(fc.float({ noNaN: true }), { maxLength: 5000, size: 'max' })
    fc.assert(
      fc.property(vector, (numbers) => {
        const body = downstream.encodeResponse({ model: 'm', vectors: [numbers] }, { input: ['a'], encoding: 'base64' })
        expect((body.data as JsonObject[])[0]?.embedding).toBe(base64(numbers))
        expect(decode(body).vectors).toEqual([numbers])
      }),
      { numRuns: 30 },
    )
  })
})

describe('the official client', () => {
  test('asks for base64 by itself, and reads what we write', async () => {
    let asked: EmbedRequest | undefined
    const served = await serve(async (request) => {
      asked = downstream.decodeRequest((await request.json()) as JsonObject, () => {})
      return Response.json(downstream.encodeResponse({ model: 'm', vectors: [[0.5, -1]] }, asked))
    })
    try {
      const client = new OpenAI({ apiKey: 'test', baseURL: served.url, maxRetries: 0 })
      const { data } = await client.embeddings.create({ model: 'm', input: 'a' })
      expect(asked?.encoding).toBe('base64')
      expect([...(data[0]?.embedding ?? [])]).toEqual([0.5, -1])
      const floats = await client.embeddings.create({ model: 'm', input: ['a'], encoding_format: 'float' })
      expect(floats.data[0]?.embedding).toEqual([0.5, -1])
    } finally {
      await served.close()
    }
  })
})

describe('the lens', () => {
  const visited = (input: JsonObject['input']) => {
    const seen: string[] = []
    lens.replaceRequest({ input, user: 'u' }, (text, kind) => {
      seen.push(`${kind}: ${text}`)
      return text
    })
    return seen
  }

  test('visits every text to embed, and no tokens', () => {
    expect(visited('a')).toEqual(['text: a'])
    expect(visited(['a', [1, 2], 'b'])).toEqual(['text: a', 'text: b'])
    expect(lens.replaceRequest({ input: ['a', 'b'] }, (text) => text.toUpperCase())).toEqual({ input: ['A', 'B'] })
  })

  test('reads the usage, and finds nothing to edit in vectors', () => {
    expect(lens.usage({ usage: { total_tokens: 3 } })).toEqual(usageOf({ input: 3 }))
    expect(lens.usage({})).toBeUndefined()
    const body = { data: [] }
    expect(lens.replaceResponse(body, () => 'x')).toBe(body)
    expect(lens.replaceEvent(body, () => 'x')).toBe(body)
    expect(lens.tap()).toMatchObject({ content: true, terminal: true })
  })
})

describe('failures', () => {
  test('are read and told in OpenAI’s words, and go back as they came', () => {
    const body = { error: { message: 'No such model.', code: 'model_not_found' } }
    const error = openaiEmbeddings.decodeError({ status: 404, headers: new Headers(), text: JSON.stringify(body) })
    expect(error).toMatchObject({ code: 'not_found', status: 404, upstream: { protocol: 'openai-embeddings' } })
    expect(openaiEmbeddings.encodeError(error)).toEqual({ status: 404, body })
    expect(openaiEmbeddings.encodeError(new LeashError('unsupported', 'None.')).body).toMatchObject({
      error: { code: 'unsupported' },
    })
  })
})
