/** What is no call to a model passes by the stack. */
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { leashed } from './client.js'

const mock = useMock()

test('pages of models come through as they are', async () => {
  const client = leashed(mock)
  const listed = []
  for await (const model of client.models.list()) listed.push(model.id)
  const plain = await new OpenAI({ apiKey: 'caller', baseURL: `${mock.url}/v1` }).models.list()
  expect(listed).toEqual(plain.data.map(({ id }) => id))
  expect(listed.length).toBeGreaterThan(0)
  const page = await client.models.list()
  expect([page.hasNextPage(), page.getPaginatedItems().length]).toEqual([false, listed.length])
})

const calls: readonly (readonly [string, string, (client: OpenAI) => Promise<unknown>])[] = [
  [
    'files.create',
    '/v1/files',
    (client) => client.files.create({ file: new File(['{"a":1}\n'], 'a.jsonl'), purpose: 'fine-tune' }),
  ],
  ['images.generate', '/v1/images/generations', (client) => client.images.generate({ prompt: 'a dog' })],
  ['moderations.create', '/v1/moderations', (client) => client.moderations.create({ input: 'a dog' })],
  [
    'audio.speech.create',
    '/v1/audio/speech',
    (client) => client.audio.speech.create({ input: 'woof', model: 'tts-1', voice: 'alloy' }),
  ],
  [
    'audio.transcriptions.create',
    '/v1/audio/transcriptions',
    (client) => client.audio.transcriptions.create({ file: new File(['wav'], 'a.wav'), model: 'whisper-1' }),
  ],
  ['completions.create', '/v1/completions', (client) => client.completions.create({ model: 'davinci-002', prompt: 'a dog' })],
  ['responses.retrieve', '/v1/responses/resp_1', (client) => client.responses.retrieve('resp_1')],
  ['responses.cancel', '/v1/responses/resp_1/cancel', (client) => client.responses.cancel('resp_1')],
  ['chat.completions.list', '/v1/chat/completions', async (client) => (await client.chat.completions.list()).data],
  ['batches.list', '/v1/batches', async (client) => (await client.batches.list()).data],
]

test.each(calls)('%s passes by the stack, with the SDK’s own retries', async (_, path, call) => {
  const heard: unknown[] = []
  const client = leashed(mock, { maxRetries: 1 })
  client.leash.on('attempt', (attempt) => heard.push(attempt))
  const body = { data: [], id: 'x', object: 'list' }
  mock.script({ status: 500, headers: { 'retry-after-ms': '1' } }, { status: 200, body })
  await call(client)
  expect(mock.requests.map((request) => request.path)).toEqual([path, path])
  expect(heard).toEqual([])
})

test('it is byte for byte what OpenAI’s client sends', async () => {
  const body = { results: [] }
  mock.script({ status: 200, body }, { status: 200, body })
  const options = { apiKey: 'caller', baseURL: `${mock.url}/v1` }
  await leashed(mock).moderations.create({ input: ['a', 'b'] })
  await new OpenAI(options).moderations.create({ input: ['a', 'b'] })
  const [ours, theirs] = mock.requests
  expect(ours?.text).toBe(theirs?.text)
  expect({ ...ours?.headers, 'user-agent': '' }).toEqual({ ...theirs?.headers, 'user-agent': '' })
})
