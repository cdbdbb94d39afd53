import { InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime'
import { expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { bedrock, google, openai } from './clients.js'

const mock = useMock()

const invoke = async (modelId: string, body: object) => {
  const answer = await bedrock(mock.url).send(new InvokeModelCommand({ modelId, body: JSON.stringify(body) }))
  return JSON.parse(new TextDecoder().decode(answer.body))
}
const dot = (one: readonly number[] = [], other: readonly number[] = []) =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)

test('OpenAI’s are the same as floats and as base64, in the size asked for', async () => {
  const request = { model: 'text-embedding-3-small', input: ['a cat', 'a dog'], dimensions: 64 }
  const encoded = await openai(mock.url).embeddings.create(request)
  const plain = await openai(mock.url).embeddings.create({ ...request, encoding_format: 'float' })
  expect(mock.requests[0]?.body).toMatchObject({ encoding_format: 'base64' })
  expect(encoded.data).toEqual(plain.data)
  expect(plain.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
    [0, 64],
    [1, 64],
  ])
  expect(plain.usage.prompt_tokens).toBeGreaterThan(0)
})

test('texts that share words lie closer together', async () => {
  const input = ['the cat sat on the mat', 'the cat sat on a mat', 'quarterly revenue grew sharply']
  const { data } = await openai(mock.url).embeddings.create({ model: 'text-embedding-3-small', input })
  const [one, two, three] = data.map(({ embedding }) => embedding)
  expect(dot(one, one)).toBeCloseTo(1)
  expect(dot(one, two)).toBeGreaterThan(dot(one, three))
})

test('OpenAI takes tokens, and refuses an empty text', async () => {
  const { data } = await openai(mock.url).embeddings.create({ model: 'text-embedding-3-large', input: [[1, 2], [3]] })
  expect(data.map(({ embedding }) => embedding.length)).toEqual([3072, 3072])
  await expect(openai(mock.url).embeddings.create({ model: 'm', input: '' })).rejects.toMatchObject({ status: 400 })
})

test('Gemini’s come one by one and in batches', async () => {
  const { embeddings } = await google(mock.url).models.embedContent({
    model: 'gemini-embedding-001',
    contents: ['one', 'two'],
    config: { outputDimensionality: 8 },
  })
  expect(embeddings?.map(({ values }) => values?.length)).toEqual([8, 8])
  const response = await fetch(`${mock.url}/v1beta/models/gemini-embedding-001:embedContent`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'key' },
    body: JSON.stringify({ content: { parts: [{ text: 'one' }] }, outputDimensionality: 8 }),
  })
  expect(await response.json()).toMatchObject({ embedding: { values: embeddings?.[0]?.values } })
})

test('Vertex predicts them', async () => {
  const address = '/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict'
  const response = await fetch(mock.url + address, {
    method: 'POST',
    headers: { authorization: 'Bearer token' },
    body: JSON.stringify({ instances: [{ content: 'one' }] }),
  })
  expect(await response.json()).toMatchObject({
    predictions: [{ embeddings: { statistics: { token_count: 1, truncated: false } } }],
  })
})

test('Bedrock’s come in the body of each model', async () => {
  const titan = await invoke('amazon.titan-embed-text-v2:0', { inputText: 'one two', dimensions: 256 })
  expect(titan).toMatchObject({ inputTextTokenCount: 2 })
  expect(titan.embedding).toHaveLength(256)
  const cohere = await invoke('cohere.embed-english-v3', { texts: ['one', 'two'], input_type: 'search_query' })
  expect(cohere).toMatchObject({ response_type: 'embeddings_floats', texts: ['one', 'two'] })
  const typed = await invoke('cohere.embed-english-v3', {
    texts: ['one'],
    input_type: 'search_query',
    embedding_types: ['float'],
  })
  expect(typed.embeddings.float).toEqual(cohere.embeddings.slice(0, 1))
})
