import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { awsEventStream } from '../../src/protocols/framing/aws-eventstream.js'
import { sse } from '../../src/protocols/framing/sse.js'
import { type Fault, type MockUpstream, startMock } from '../../src/testing/index.js'
import { callers } from './callers.js'
import { anthropic, failure, openai } from './clients.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

/** Bytes of the body up to its end, and whether the connection broke before it. */
async function bodyOf(response: Response): Promise<{ text: string; chunks: Uint8Array[]; broken: boolean }> {
  const chunks: Uint8Array[] = []
  let broken = false
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch {
    broken = true
  }
  return { text: Buffer.concat(chunks).toString('utf8'), chunks, broken }
}

describe.each(callers.map((caller) => [caller.protocol, caller] as const))('a stream of %s', (protocol, caller) => {
  const stream = (signal?: AbortSignal) => caller.send(mock.url, 'one two three', true, signal)
  const plain = async () => bodyOf(await stream())

  test('ends as its vendor ends it', async () => {
    const { text, broken } = await plain()
    expect([broken, caller.terminal.test(text)]).toEqual([false, true])
    expect(mock.requests[0]).toMatchObject({ protocol, model: caller.model, stream: true, status: 200, outcome: 'answered' })
  })

  test('ends properly without its last word when so scripted', async () => {
    mock.script({ endWithoutTerminal: true })
    const { text, broken } = await plain()
    expect([broken, caller.terminal.test(text)]).toEqual([false, false])
    expect(text).toContain('two')
  })

  test('fails in the middle in its own words', async () => {
    mock.script({ errorInStream: { message: 'Oh no' } })
    const { text } = await plain()
    expect(text).toMatch(caller.failure)
    expect(text).not.toMatch(caller.terminal)
  })

  test('is the same bytes however they are cut', async () => {
    const whole = await plain()
    mock.reset()
    mock.script({ chunkBytes: 1 })
    const cut = await plain()
    expect(cut.text).toBe(whole.text)
    expect(cut.chunks.length).toBeGreaterThan(whole.chunks.length)
  })

  test('breaks off after so many events', async () => {
    mock.script({ cutAfter: { events: 2 } })
    const { text, broken } = await plain()
    expect([broken, text.length > 0, caller.terminal.test(text)]).toEqual([true, true, false])
    expect(mock.requests[0]?.outcome).toBe('broken')
  })

  test('breaks off after so many bytes', async () => {
    mock.script({ cutAfter: { bytes: 17 } })
    const { chunks, broken } = await plain()
    expect([broken, Buffer.concat(chunks).length]).toEqual([true, 17])
  })

  test('can be damaged so that its reader notices', async () => {
    mock.script({ malformed: true })
    const { chunks } = await plain()
    const events: string[] = []
    const framing = protocol === 'bedrock-converse' ? awsEventStream : sse
    const frames = framing.unframer(({ data }) => events.push(data))
    const read = () => {
      for (const chunk of chunks) frames.push(chunk)
      for (const data of events) if (data !== '[DONE]') JSON.parse(data)
    }
    expect(read).toThrow()
  })

  test('goes silent before its headers, and the caller can leave', async () => {
    mock.script({ hang: 'headers' })
    const controller = new AbortController()
    const waiting = failure(stream(controller.signal))
    await until(() => mock.requests.length === 1)
    controller.abort()
    expect((await waiting).name).toBe('AbortError')
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test.each([{ hang: 'body' as const }, { hang: { afterEvents: 1 } }])('goes silent with %o', async (fault) => {
    mock.script(fault)
    const controller = new AbortController()
    const response = await stream(controller.signal)
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    if (fault.hang !== 'body') expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
    const silence = failure(Promise.resolve(reader?.read()))
    controller.abort()
    expect((await silence).name).toBe('AbortError')
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })
})

describe.each(callers.map((caller) => [caller.protocol, caller] as const))('an answer of %s', (_, caller) => {
  const ask = () => caller.send(mock.url, 'one two three', false)

  test('can be reset instead of given', async () => {
    mock.script({ reset: true })
    expect((await failure(ask())).message).toBe('fetch failed')
    expect((await ask()).status).toBe(200)
  })

  test('can be no JSON', async () => {
    mock.script({ malformed: true })
    await expect((await ask()).json()).rejects.toThrow(SyntaxError)
  })

  test('can break off', async () => {
    mock.script({ cutAfter: { bytes: 10 } })
    expect(await bodyOf(await ask())).toMatchObject({ broken: true })
  })

  test('is refused in the vendor’s words, with headers and a time to wait', async () => {
    mock.script({ status: 429, retryAfter: 3, headers: { 'x-should-retry': 'true' } })
    const response = await ask()
    expect(response.status).toBe(429)
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'retry-after': '3', 'x-should-retry': 'true' })
    expect(JSON.stringify(await response.json())).toMatch(/"message":"[^"]{5}/)
    expect(mock.requests[0]).toMatchObject({ status: 429, outcome: 'answered' })
  })

  test('can be anything at all', async () => {
    mock.script({ status: 418, body: { teapot: true } }, { status: 502, body: '<html>Bad gateway</html>' })
    expect(await (await ask()).json()).toEqual({ teapot: true })
    const second = await ask()
    expect([second.headers.get('content-type'), await second.text()]).toEqual([
      'text/plain; charset=utf-8',
      '<html>Bad gateway</html>',
    ])
  })

  test('is refused when a failing stream was scripted and none was asked for', async () => {
    mock.script({ errorInStream: { status: 503, message: 'Oh no' } })
    const response = await ask()
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('Oh no')])
  })
})

describe('a script', () => {
  test.each([
    [{ staus: 429 }, /unknown option `script.staus` \(known: status, /],
    [{ hang: 'header' }, /`script.hang`/],
    [{ cutAfter: 3 }, /`script.cutAfter`/],
    [{ latencyMs: Number.NaN }, /`script.latencyMs`: must be a number/],
  ])('is refused where it says %o, for a test would pass without its fault', (fault, message) => {
    expect(() => mock.script(fault as Fault)).toThrow(message)
  })

  const [caller] = callers
  const status = async (text = 'x') => (await caller?.send(mock.url, text, false))?.status

  test('is played in order, and then the vendors answer again', async () => {
    mock.script({ status: 500 }, {}, { status: 429, times: 2 })
    expect([await status(), await status(), await status(), await status(), await status()]).toEqual([500, 200, 429, 429, 200])
  })

  test('can hold for the requests that a condition picks, and no others', async () => {
    mock.script({ status: 503, when: ({ text }) => text.includes('bad') }, { status: 500 })
    expect([await status('bad'), await status('good'), await status('bad'), await status('good')]).toEqual([503, 500, 503, 200])
  })

  test('can run out of a condition', async () => {
    mock.script({ status: 503, when: () => true, times: 1 })
    expect([await status(), await status()]).toEqual([503, 200])
  })

  test('is forgotten with reset', async () => {
    mock.script({ status: 500 })
    mock.reset()
    expect(await status()).toBe(200)
  })
})

describe('an SDK’s own retries', () => {
  test('get through what was scripted', async () => {
    mock.script({ status: 500, headers: { 'retry-after-ms': '1' } }, { status: 429, headers: { 'retry-after-ms': '1' } })
    const client = openai(mock.url).withOptions({ maxRetries: 2 })
    const answer = await client.chat.completions.create({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'Hi' }] })
    expect(answer.choices[0]?.message.content).toBe('Echo: Hi')
    expect(mock.requests.map((request) => request.status)).toEqual([500, 429, 200])
  })

  test('see an error in a stream as their own class', async () => {
    mock.script({ errorInStream: { status: 529, after: 3 } })
    const stream = anthropic(mock.url).messages.stream({
      model: 'claude-haiku-4-5',
      max_tokens: 99,
      messages: [{ role: 'user', content: 'one two three' }],
    })
    expect(await failure(stream.finalMessage())).toMatchObject({ error: { error: { type: 'overloaded_error' } } })
  })
})

describe('a delay', () => {
  test('stands before the answer and between its pieces', async () => {
    const [caller] = callers
    mock.script({ latencyMs: 1, chunkDelayMs: 1 })
    const response = await caller?.send(mock.url, 'one two three', true)
    expect((await response?.text())?.match(caller?.terminal ?? /$^/)).not.toBeNull()
  })

  test('ends at once when the caller leaves or the mock is closed', async () => {
    const other = await startMock()
    const [caller] = callers
    const hour = 3_600_000
    other.script({ latencyMs: hour }, { chunkDelayMs: hour })
    const late = failure(Promise.resolve(caller?.send(other.url, 'x', false)))
    const slow = await caller?.send(other.url, 'x', true)
    await until(() => other.requests.length === 2)
    await other.close()
    expect((await late).message).toBe('fetch failed')
    expect(slow && (await bodyOf(slow)).broken).toBe(true)
  })
})

/** Turns of the event loop until it is true. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
