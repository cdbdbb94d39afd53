import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, { toFile } from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Transport } from '../../src/core/transport.js'
import {
  type CassetteFile,
  type CassetteOptions,
  type CassetteTransport,
  cassette,
  type MockUpstream,
  startMock,
} from '../../src/testing/index.js'
import { callers } from './callers.js'
import { failure } from './clients.js'

let mock: MockUpstream
let folder: string
beforeAll(async () => {
  mock = await startMock({ wordsPerChunk: 1 })
})
afterAll(() => mock.close())
beforeEach(() => {
  mock.reset()
  folder = mkdtempSync(join(tmpdir(), 'cassette-'))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const file = () => join(folder, 'tape.json')
const kept = (path = file()) => JSON.parse(readFileSync(path, 'utf8')) as CassetteFile
const key = 'sk-very-secret-0123456789'
const client = (fetch: CassetteTransport, apiKey = key, url = mock.url) =>
  new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0, fetch })
const say = (content: string, stream = false) => ({ model: 'gpt-4.1', stream, messages: [{ role: 'user' as const, content }] })
const tape = (mode: CassetteOptions['mode'], options: CassetteOptions = {}, path = file()) =>
  cassette(path, { ...(mode && { mode }), ...options })
/** Sends a body and reads the answer to its end. */
const post = async (send: CassetteTransport, body: unknown, init: RequestInit = {}, path = '/v1/chat/completions') => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await send(`${mock.url}${path}`, { method: 'POST', headers, body: text, ...init })
  return { response, text: await response.text() }
}

describe('a cassette', () => {
  test('is a transport', () => {
    const transport: Transport = cassette(file())
    expect(transport).toBeTypeOf('function')
  })

  test('plays back to an SDK what it recorded, without a network', async () => {
    const vendor = await startMock()
    const from = (mode: CassetteOptions['mode'], apiKey: string) => client(tape(mode), apiKey, vendor.url)
    const first = await from('record', key).chat.completions.create(say('Hello'))
    await vendor.close()
    const again = await from('replay', 'another-key').chat.completions.create(say('Hello'))
    expect(again).toEqual(first)
    expect(again._request_id).toBe(first._request_id)
  })

  test.each(callers.map((caller) => [caller.protocol, caller] as const))(
    'keeps the pieces of a stream of %s',
    async (_, { send }) => {
      const chunksOf = async (fetch: CassetteTransport) => {
        const original = globalThis.fetch
        vi.stubGlobal('fetch', fetch)
        const response = await send(mock.url, 'one two three', true)
        vi.stubGlobal('fetch', original)
        const chunks: string[] = []
        for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString('base64'))
        return chunks
      }
      const transport: Transport = fetch
      const recorded = await chunksOf(tape('record', { transport }))
      expect(await chunksOf(tape('replay'))).toEqual(recorded)
      expect(kept().recordings[0]?.response).toMatchObject({ complete: true, status: 200 })
      expect(kept().recordings[0]?.response.chunks).toHaveLength(recorded.length)
    },
  )

  test('records what it lacks and plays what it has, by default', async () => {
    vi.stubEnv('CI', '')
    await post(tape(undefined), say('One'))
    const second = tape(undefined)
    await post(second, say('One'))
    await post(second, say('Two'))
    expect(mock.requests.map(({ body }) => body)).toEqual([say('One'), say('Two')])
    expect(kept().recordings).toHaveLength(2)
  })

  test('only plays where CI is set', async () => {
    vi.stubEnv('CI', 'true')
    expect((await failure(post(tape(undefined), say('One')))).message).toContain('has no recording')
    expect(mock.requests).toEqual([])
  })

  test('replaces what was recorded in record mode, once something new has come', async () => {
    await post(tape('record'), say('Old'))
    const again = tape('record', { transport: () => Promise.reject(new Error('offline')) })
    await failure(post(again, say('New')))
    expect(kept().recordings[0]?.request.body).toEqual(say('Old'))
    await post(tape('record'), say('New'))
    expect(kept().recordings.map(({ request }) => request.body)).toEqual([say('New')])
  })

  test('plays repeated requests in their order', async () => {
    const recording = tape('record')
    const asked = [await post(recording, say('Same')), await post(recording, say('Same'))].map(({ text }) => text)
    const playing = tape('replay')
    const played = [await post(playing, say('Same')), await post(playing, say('Same'))].map(({ text }) => text)
    expect(asked[0]).not.toBe(asked[1])
    expect(played).toEqual(asked)
    const error = await failure(post(playing, say('Same')))
    expect(error).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('holds this request to POST /v1/chat/completions 2 times'),
    })
  })

  test('finds a request whatever the order of its members, its host, its key and its headers', async () => {
    await post(tape('record'), '{"model":"m","messages":[{"role":"user","content":"x"}]}')
    const body = '{ "messages": [{"content": "x", "role": "user"}], "model": "m" }'
    const response = await tape('replay')(new Request('https://elsewhere.example/v1/chat/completions', { method: 'POST', body }))
    expect(response.status).toBe(200)
  })

  test('finds a form, whose boundary is another each time, with text and with sound in it', async () => {
    const answering: Transport = async () => Response.json({ text: 'heard' })
    const hear = async (mode: 'record' | 'replay', sound: readonly number[]) => {
      const { audio } = client(tape(mode, { transport: answering }))
      return audio.transcriptions.create({ model: 'whisper-1', file: await toFile(new Uint8Array(sound), 'a.wav') })
    }
    for (const sound of [
      [82, 73, 70, 70],
      [255, 254, 0, 128],
    ]) {
      await hear('record', sound)
      expect(kept().recordings).toHaveLength(1)
      expect(await hear('replay', sound)).toMatchObject({ text: 'heard' })
      expect(await failure(hear('replay', [...sound, 0]))).toMatchObject({ cause: { code: 'invalid_request' } })
    }
  })

  test('tells texts, methods, paths and queries apart', async () => {
    await post(tape('record'), say('One'))
    const playing = tape('replay')
    for (const [body, path] of [
      [say('Two')],
      [say('One'), '/v1/chat/completions?x=1'],
      [say('One'), '/v2/chat/completions'],
    ] as const) {
      expect(await failure(post(playing, body, {}, path))).toMatchObject({ code: 'invalid_request' })
    }
    expect(await failure(playing(`${mock.url}/v1/chat/completions`))).toMatchObject({ code: 'invalid_request' })
  })

  test('keeps a failed answer like any other', async () => {
    mock.script({ status: 429, retryAfter: 9 })
    await post(tape('record'), say('One'))
    const { response } = await post(tape('replay'), say('One'))
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '9'])
  })

  test('breaks where the recorded connection broke', async () => {
    mock.script({ cutAfter: { events: 2 } })
    await failure(post(tape('record'), say('one two', true)))
    expect(kept().recordings[0]?.response.complete).toBe(false)
    expect(await failure(post(tape('replay'), say('one two', true)))).toMatchObject({ name: 'TypeError', message: 'terminated' })
  })

  test('keeps what was read of an answer that the caller left', async () => {
    const stream = await client(tape('record')).chat.completions.create({ ...say('one two three'), stream: true })
    for await (const _ of stream) break
    expect(kept().recordings[0]?.response).toMatchObject({ complete: false, chunks: [expect.anything()] })
    const again = await client(tape('replay')).chat.completions.create({ ...say('one two three'), stream: true })
    for await (const chunk of again) {
      expect(chunk.choices[0]?.delta.role).toBe('assistant')
      break
    }
  })

  test('keeps bytes that are no text', async () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0xfe)
    await post(tape('record', { transport: async () => new Response(bytes) }), say('x'))
    expect(kept().recordings[0]?.response.chunks).toEqual([{ delayMs: expect.any(Number), base64: '/wD+' }])
    const response = await tape('replay')(`${mock.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(say('x')) })
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  })

  test('keeps an answer without a body', async () => {
    await post(tape('record', { transport: async () => new Response(null, { status: 204 }) }), say('x'))
    expect((await post(tape('replay'), say('x'))).response.status).toBe(204)
  })

  test('has a file for each request when it is a folder', async () => {
    const path = join(folder, 'tapes')
    const recording = tape('record', {}, path)
    await post(recording, say('One'))
    await post(recording, say('Two'))
    expect(readdirSync(path)).toEqual([
      expect.stringMatching(/^post-v1-chat-completions-[0-9a-f]{12}\.json$/),
      expect.any(String),
    ])
    expect((await post(tape('replay', {}, path), say('Two'))).text).toContain('Echo: Two')
  })

  test('is the same file whatever the order of the requests', async () => {
    const [one, two] = [join(folder, 'one.json'), join(folder, 'two.json')]
    const transport: Transport = async () => new Response('{}')
    for (const [path, order] of [
      [one, ['a', 'b', 'c']],
      [two, ['c', 'a', 'b']],
    ] as const) {
      const recording = tape('record', { transport }, path)
      for (const text of order) await post(recording, say(text))
    }
    const still = (path: string) => readFileSync(path, 'utf8').replace(/"(latency|delay)Ms": \d+/g, '')
    expect(still(one)).toBe(still(two))
    expect(existsSync(`${one}.tmp`)).toBe(false)
  })

  test.each([
    [{ mode: 'replya' }, /`cassette.mode`: must be "record" or "replay" or "auto"/],
    [{ moed: 'replay' }, /unknown option `cassette.moed` \(known: mode, /],
    [{ timing: 'slow' }, /`cassette.timing`/],
    [{ scrub: { header: ['x'] } }, /unknown option `cassette.scrub.header`/],
  ])('is not made with %o, which would send for real what was to be replayed', (options, message) => {
    expect(() => cassette(file(), options as CassetteOptions)).toThrow(message)
  })

  test('is not made without a path', () => {
    expect(() => cassette('')).toThrow(/needs the path/)
  })

  test('says that a file is none', async () => {
    writeFileSync(file(), '{"format":"other"}')
    expect(await failure(post(tape('replay'), say('x')))).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining(file()),
    })
  })
})

describe('the file', () => {
  test('tells nothing of the machine that recorded it', async () => {
    await client(tape('record')).chat.completions.create(say('Hello'))
    const { request, response } = kept().recordings[0] ?? {}
    expect(Object.keys(request?.headers ?? {})).toEqual(['accept', 'authorization', 'content-type'])
    expect(Object.keys(response?.headers ?? {})).not.toContain('date')
  })

  test('reads as documented', async () => {
    await post(tape('record'), say('Hello'))
    expect(kept()).toEqual({
      format: 'leash-cassette',
      version: 1,
      recordings: [
        {
          key: expect.stringMatching(/^[0-9a-f]{32}$/),
          request: {
            method: 'POST',
            url: `${mock.url}/v1/chat/completions`,
            headers: { authorization: '***', 'content-type': 'application/json' },
            body: say('Hello'),
          },
          response: {
            status: 200,
            headers: expect.objectContaining({ 'content-type': 'application/json', 'x-request-id': expect.any(String) }),
            latencyMs: expect.any(Number),
            chunks: [{ delayMs: expect.any(Number), text: expect.stringContaining('Echo: Hello') }],
            complete: true,
          },
        },
      ],
    })
    expect(readFileSync(file(), 'utf8')).toBe(`${JSON.stringify(kept(), null, 2)}\n`)
  })

  test('holds no secret of any vendor', async () => {
    const secrets = {
      authorization: 'Bearer secret-authorization',
      'x-api-key': 'secret-x-api-key',
      'x-goog-api-key': 'secret-x-goog-api-key',
      'api-key': 'secret-api-key',
      cookie: 'session=secret-cookie',
      'x-amz-security-token': 'secret-x-amz-security-token',
      'x-amz-date': 'secret-x-amz-date',
      'openai-organization': 'secret-openai-organization',
      'openai-project': 'secret-openai-project',
      'x-goog-user-project': 'secret-x-goog-user-project',
      'cf-aig-authorization': 'secret-cf-aig-authorization',
      'my-own': 'secret-my-own',
    }
    const answer = new Response('secret-x-api-key is wrong', {
      headers: {
        'set-cookie': 'a=secret-set-cookie',
        'anthropic-organization-id': 'secret-organization',
        'x-ratelimit-remaining-tokens': '5',
      },
    })
    const recording = tape('record', { transport: async () => answer, scrub: { headers: ['My-Own'], query: ['mine'] } })
    const query = '?key=secret-key&mine=secret-mine&X-Amz-Signature=secret-signature&alt=sse'
    await post(recording, { text: 'my key is secret-api-key' }, { headers: secrets }, `/v1/x${query}`)
    const text = readFileSync(file(), 'utf8')
    expect(text.match(/secret-[\w-]+/g)).toBeNull()
    expect(text).toContain('"x-ratelimit-remaining-tokens": "5"')
    expect(text).toContain('/v1/x?alt=sse')
    expect(text).toContain('*** is wrong')
  })

  test('is cleaned of what the user names, and the request is still found', async () => {
    const scrub = { text: (text: string) => text.replaceAll('Jane', 'J.') }
    await post(tape('record', { scrub }), say('I am Jane', true))
    expect(readFileSync(file(), 'utf8')).not.toContain('Jane')
    expect((await post(tape('replay', { scrub }), say('I am Jane', true))).text).toContain('J.')
  })

  test('does not keep a secret that two pieces shared', async () => {
    const pieces = ['your key sk-very-sec', 'ret-0123456789 is wrong'].map((text) => new TextEncoder().encode(text))
    const transport: Transport = async () => new Response(new Blob(pieces).stream())
    await post(tape('record', { transport }), say('x'))
    expect(readFileSync(file(), 'utf8')).not.toContain('sk-very-sec')
  })
})

describe('a miss', () => {
  test('names the file and where the nearest recording differs, and quotes nothing', async () => {
    await post(tape('record'), { ...say('my private question'), temperature: 0 })
    const error = await failure(post(tape('replay'), { ...say('another private question'), temperature: 1 }))
    expect(error.message).toContain(file())
    expect(error.message).toContain('differs at body.messages[0].content, body.temperature.')
    expect(error.message).not.toMatch(/private|sk-/)
  })

  test('says what there is when nothing is near', async () => {
    expect((await failure(post(tape('replay'), say('x')))).message).toContain('It holds nothing yet.')
    await post(tape('record'), say('x'))
    expect((await failure(post(tape('replay'), say('x'), {}, '/v1/responses'))).message).toContain(
      'It holds POST /v1/chat/completions.',
    )
  })
})

describe('timing', () => {
  const slow: Transport = async () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          for (const text of ['a', 'b']) controller.enqueue(new TextEncoder().encode(text))
          controller.close()
        },
      }),
    )
  /** A recording whose delays are known. */
  const recorded = async (latencyMs: number, delayMs: number) => {
    await post(tape('record', { transport: slow }), say('x'))
    const { recordings, ...rest } = kept()
    const slowed = recordings.map((one) => ({
      ...one,
      response: { ...one.response, latencyMs, chunks: one.response.chunks.map((chunk) => ({ ...chunk, delayMs })) },
    }))
    writeFileSync(file(), JSON.stringify({ ...rest, recordings: slowed }))
  }

  test('is none by default, so that no timer is needed', async () => {
    await recorded(60_000, 60_000)
    vi.useFakeTimers()
    expect((await post(tape('replay'), say('x'))).text).toBe('ab')
  })

  test('is that of the recording when asked for, by fake timers too', async () => {
    await recorded(1000, 500)
    vi.useFakeTimers()
    const response = tape('replay', { timing: 'recorded' })(`${mock.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(say('x')),
    })
    await vi.advanceTimersByTimeAsync(1000)
    const reader = (await response).body?.getReader()
    let text = ''
    const reading = (async () => {
      for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) text += Buffer.from(piece.value)
    })()
    await vi.advanceTimersByTimeAsync(500)
    expect(text).toBe('a')
    await vi.advanceTimersByTimeAsync(500)
    await reading
    expect(text).toBe('ab')
  })

  test('stops when the caller does', async () => {
    await recorded(1000, 500)
    vi.useFakeTimers()
    const controller = new AbortController()
    const init = { method: 'POST', body: JSON.stringify(say('x')), signal: controller.signal }
    const waiting = failure(tape('replay', { timing: 'recorded' })(`${mock.url}/v1/chat/completions`, init))
    await vi.advanceTimersByTimeAsync(10)
    controller.abort()
    expect((await waiting).name).toBe('AbortError')
    expect(vi.getTimerCount()).toBe(0)
    expect((await failure(tape('replay')(`${mock.url}/v1/chat/completions`, init))).name).toBe('AbortError')
  })

  test('an abort in the middle of a body breaks it off', async () => {
    await recorded(0, 500)
    vi.useFakeTimers()
    const controller = new AbortController()
    const init = { method: 'POST', body: JSON.stringify(say('x')), signal: controller.signal }
    const response = await tape('replay', { timing: 'recorded' })(`${mock.url}/v1/chat/completions`, init)
    const reading = failure(response.text())
    await vi.advanceTimersByTimeAsync(500)
    controller.abort()
    expect((await reading).name).toBe('AbortError')
  })
})
