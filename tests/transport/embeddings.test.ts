/** Embeddings that cross protocols, and targets that take fewer inputs in a request than the caller sent. */
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { createLeash, type Report } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

function leashed() {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 } })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { client: new OpenAI({ apiKey: 'caller', baseURL: `${mock.url}/v1`, fetch: leash.fetch, maxRetries: 0 }), reports }
}

const titan = 'bedrock/amazon.titan-embed-text-v2:0'
const texts = (count: number) => Array.from({ length: count }, (_, index) => `This is text number ${index}.`)

test('a model that takes one text per request is asked once for each, and the vectors come in order', async () => {
  const { client, reports } = leashed()
  const input = texts(3)
  const { data, usage } = await client.embeddings.create({ model: titan, input, encoding_format: 'float' })
  expect(mock.requests.map(({ body }) => body)).toEqual(input.map((inputText) => ({ inputText })))
  expect(data.map(({ index }) => index)).toEqual([0, 1, 2])
  let tokens = 0
  for (const [index, text] of input.entries()) {
    const alone = await client.embeddings.create({ model: titan, input: text, encoding_format: 'float' })
    expect(data[index]?.embedding).toEqual(alone.data[0]?.embedding)
    tokens += alone.usage.prompt_tokens
  }
  expect(usage.prompt_tokens).toBe(tokens)
  expect(reports[0]?.attempts).toHaveLength(1)
  expect(reports[0]?.usage?.input).toBe(tokens)
})

test('a model that takes several texts is sent as many as it takes', async () => {
  const { client } = leashed()
  const { data } = await client.embeddings.create({ model: 'bedrock/cohere.embed-v4:0', input: texts(100) })
  expect(mock.requests.map(({ body }) => (body as { texts: string[] }).texts.length)).toEqual([96, 4])
  expect(data).toHaveLength(100)
})

test('the Gemini API gets batches of a hundred', async () => {
  const { client } = leashed()
  const { data } = await client.embeddings.create({ model: 'google/gemini-embedding-001', input: texts(201) })
  expect(mock.requests.map(({ body }) => (body as { requests: object[] }).requests.length)).toEqual([100, 100, 1])
  expect(data).toHaveLength(201)
})

test('each request of several lets go of its key, which is busy with no other afterwards', async () => {
  const { google } = mockProviders(mock.url)
  const keyed = { ...google, apiKey: ['one', 'two'], keys: { strategy: 'least-used' as const } }
  const leash = createLeash({ providers: { google: keyed } })
  const client = new OpenAI({ apiKey: 'caller', baseURL: `${mock.url}/v1`, fetch: leash.fetch, maxRetries: 0 })
  const embed = (count: number) => client.embeddings.create({ model: 'google/gemini-embedding-001', input: texts(count) })
  const keys = () => mock.requests.map(({ headers }) => headers['x-goog-api-key'])
  await embed(101)
  const [first, second] = keys()
  expect(second).not.toBe(first)
  for (let call = 0; call < 20; call++) await embed(1)
  expect(keys().filter((key) => key === first).length).toBeGreaterThan(5)
})

test('what a part of the inputs cannot carry is reported once', async () => {
  const { client, reports } = leashed()
  await client.embeddings.create({ model: titan, input: texts(3), user: 'ada' })
  expect(reports[0]?.warnings).toMatchObject([{ path: 'user', action: 'dropped' }])
})

test('a part that fails fails the attempt, and what was answered before it is on the report', async () => {
  const { client, reports } = leashed()
  mock.script({}, { status: 400 })
  const failed = await client.embeddings.create({ model: titan, input: texts(3) }).catch((error: unknown) => error)
  expect(failed).toMatchObject({ status: 400 })
  expect(mock.requests).toHaveLength(2)
  expect(reports[0]?.attempts).toMatchObject([{ outcome: 'error', usage: { input: expect.any(Number) } }])
})

test('tokens are refused before anything is sent, however many there are', async () => {
  const { client } = leashed()
  await expect(client.embeddings.create({ model: titan, input: [[1, 2], [3]] })).rejects.toMatchObject({ status: 400 })
  expect(mock.requests).toHaveLength(0)
})

test('a member that the target has no word for is told of, and `strict` refuses it', async () => {
  const { client, reports } = leashed()
  const asked = { model: titan, input: 'a', truncate: 'END' }
  await client.embeddings.create(asked)
  expect(reports[0]?.warnings).toMatchObject([{ path: 'truncate', action: 'dropped' }])
  const leash = createLeash({ providers: mockProviders(mock.url), strict: true })
  const strict = new OpenAI({ apiKey: 'caller', baseURL: `${mock.url}/v1`, fetch: leash.fetch, maxRetries: 0 })
  await expect(strict.embeddings.create(asked)).rejects.toMatchObject({ code: 'translation_loss' })
  await leash.close()
})
