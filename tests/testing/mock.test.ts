import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MockOptions, type MockUpstream, startMock } from '../../src/testing/index.js'
import { callers } from './callers.js'
import { failure } from './clients.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

const textOf = async (response: Promise<Response>) => (await response).text()

describe.each(callers.map((caller) => [caller.protocol, caller] as const))('%s', (protocol, { send, model }) => {
  test.each([true, false])('gives the same request the same bytes on another day (stream: %s)', async (stream) => {
    const other = await startMock()
    const [one, two] = [await textOf(send(mock.url, 'Hello', stream)), await textOf(send(other.url, 'Hello', stream))]
    await other.close()
    expect(one).toBe(two)
  })

  test('gives a repeated request another id, and another seed other ids', async () => {
    const other = await startMock({ seed: 7 })
    const answers = [
      await textOf(send(mock.url, 'Hello', true)),
      await textOf(send(mock.url, 'Hello', true)),
      await textOf(send(other.url, 'Hello', true)),
    ]
    await other.close()
    expect(new Set(answers).size).toBe(3)
  })

  test('gives the pieces as many words as asked', async () => {
    const other = await startMock({ wordsPerChunk: 100 })
    const text = await textOf(send(other.url, 'one two three', true))
    await other.close()
    expect(text).toContain('Echo: one two three')
    expect(await textOf(send(mock.url, 'one two three', true))).toContain('" two"')
  })

  test('is not found when other protocols were asked for', async () => {
    const other = await startMock({ protocols: protocol === 'gemini' ? ['openai-chat'] : ['gemini'] })
    const response = await send(other.url, 'Hello', false)
    await other.close()
    expect(response.status).toBe(404)
  })

  test('records what it was asked', async () => {
    await send(mock.url, 'Hello', false)
    expect(mock.requests).toMatchObject([{ method: 'POST', protocol, model, stream: false, status: 200, outcome: 'answered' }])
    expect(mock.requests[0]?.body).toEqual(JSON.parse(mock.requests[0]?.text ?? ''))
    expect(mock.requests[0]?.headers).toHaveProperty('content-length')
  })

  test('refuses a body that is no JSON', async () => {
    const [request] = (await send(mock.url, 'Hello', false).then(() => mock.requests)) ?? []
    const response = await fetch(mock.url + (request?.path ?? ''), {
      method: 'POST',
      headers: { ...request?.headers, 'content-length': '1' },
      body: '{',
    })
    expect([response.status, JSON.stringify(await response.json())]).toEqual([400, expect.stringContaining('message')])
  })
})

test('says where it is', () => {
  expect(mock.url).toBe(`http://127.0.0.1:${mock.port}`)
})

test.each([
  [{ prot: 4010 }, /unknown option `startMock.prot` \(known: port, /],
  [{ protocols: ['openai'] }, /`startMock.protocols.0`: must be "openai-chat"/],
])('fails to start with %o', async (options, message) => {
  await expect(startMock(options as MockOptions)).rejects.toThrow(message)
})

test('fails to start where something else listens', async () => {
  expect(await failure(startMock({ port: mock.port }))).toMatchObject({ code: 'EADDRINUSE' })
})

test('answers 404 at an address that nobody has', async () => {
  const response = await fetch(`${mock.url}/v1/nothing`, { method: 'POST', body: '{}' })
  expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('/v1/nothing')])
})

test('takes a path in front of the vendor’s own', async () => {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const response = await fetch(`${mock.url}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer k' },
    body,
  })
  expect(response.status).toBe(200)
})

test('forgets with reset', async () => {
  await callers[0]?.send(mock.url, 'Hello', false)
  mock.reset()
  expect(mock.requests).toEqual([])
})

test('leaves nothing behind when it is closed, however its requests were doing', async () => {
  const before = servers()
  const other = await startMock()
  expect(servers()).toBe(before + 1)
  other.script({ hang: 'headers' }, { hang: 'body' }, {})
  const hung = failure(Promise.resolve(callers[0]?.send(other.url, 'x', true)))
  const silent = await callers[0]?.send(other.url, 'x', true)
  const fine = await callers[0]?.send(other.url, 'x', true)
  await fine?.text()
  await other[Symbol.asyncDispose]()
  expect((await hung).message).toBe('fetch failed')
  await expect(silent?.text()).rejects.toThrow()
  expect((await failure(Promise.resolve(callers[0]?.send(other.url, 'x', true)))).message).toBe('fetch failed')
  expect(servers()).toBe(before)
})

const servers = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
