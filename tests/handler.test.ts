/** `leash.handle` behind a real socket: what comes in, what is refused, and what happens when either side leaves. */
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeash } from '../src/leash.js'
import { mockProviders } from '../src/testing/index.js'
import { until, useMock } from './helpers/mock.js'
import { type Served, serve } from './helpers/serve.js'
import { callers } from './testing/callers.js'

const mock = useMock()
let served: Served
const leashOf = (maxBodyBytes = 2000) =>
  createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, maxBodyBytes })

beforeAll(async () => {
  served = await serve((request) => leashOf().handle(request))
})
afterAll(() => served.close())

const post = (path: string, body: BodyInit, init: RequestInit = {}) =>
  fetch(`${served.url}${path}`, { method: 'POST', body, ...init })
const refusal = async (response: Response | Promise<Response>) => {
  const { status, headers } = await response
  return { status, type: headers.get('content-type'), body: await (await response).json() }
}
const question = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello there' }] }

test("tells nothing of a vendor's that a browser would do to our address", async () => {
  const theirs = { nel: '{}', 'report-to': '{}', 'clear-site-data': '"*"', 'www-authenticate': 'Basic', 'set-cookie': 'a=b' }
  mock.script({ headers: { ...theirs, 'x-request-id': 'req_1' } })
  const { headers } = await post('/v1/chat/completions', JSON.stringify(question))
  expect(headers.get('x-request-id')).toBe('req_1')
  expect(Object.keys(theirs).filter((name) => headers.has(name))).toEqual([])
})

describe('what is refused', () => {
  test('an unknown path, with what was asked', async () => {
    expect(await refusal(post('/v1/nothing?key=secret', '{}'))).toMatchObject({
      status: 404,
      body: { error: { message: 'Nothing is served at POST /v1/nothing.', code: 'not_found' } },
    })
  })

  test.each(['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1beta/models/gemini-2.5-flash:generateContent'])(
    'another method than POST at %s',
    async (path) => {
      const response = await fetch(served.url + path)
      expect(response.headers.get('allow')).toBe('POST')
      const { status, body } = await refusal(response)
      expect([status, body.error.message]).toEqual([405, `Send a POST to ${path}.`])
    },
  )

  test.each(['', 'model=gpt', '[1]', '"text"', '{"model":', 'null'])('a body that is no JSON object: %j', async (body) => {
    expect(await refusal(post('/v1/chat/completions', body))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', message: expect.stringContaining('not a JSON object') } },
    })
  })

  test.each([
    ['in Latin-1', (text: string) => Buffer.from(text, 'latin1')],
    ['packed', (text: string) => gzipSync(text)],
  ])('a body that is %s: a vendor would be asked in other words', async (_, written) => {
    const body = new Uint8Array(written(JSON.stringify({ ...question, messages: [{ role: 'user', content: 'Café' }] })))
    expect(await refusal(post('/v1/chat/completions', body))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', message: expect.stringContaining('UTF-8') } },
    })
    expect(mock.requests).toHaveLength(0)
  })

  test('a page of another site, by which a browser would be made to ask', async () => {
    const leash = createLeash({ providers: mockProviders(mock.url) })
    const ask = async (site: string) => {
      const headers = { 'content-type': 'text/plain', 'sec-fetch-site': site }
      const body = JSON.stringify(question)
      return (await leash.handle(new Request('https://own.test/v1/chat/completions', { method: 'POST', headers, body }))).status
    }
    expect(await ask('cross-site')).toBe(403)
    expect(mock.requests).toHaveLength(0)
    expect([await ask('same-site'), await ask('none')]).toEqual([200, 200])
    await leash.close()
  })

  test('a body with hundreds of lists in one another', async () => {
    const body = `{"model":"gpt-4o-mini","messages":${'['.repeat(201)}${']'.repeat(201)}}`
    expect(await refusal(post('/v1/chat/completions', body))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', message: expect.stringContaining('nested too deeply') } },
    })
  })

  test('a body of more objects than a request has, and not one whose texts hold as many', async () => {
    const { handle } = createLeash({ providers: mockProviders(mock.url) })
    const many = '{},'.repeat(500_000)
    const ask = (body: string) => handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
    expect(await refusal(ask(`{"model":"gpt-4o-mini","messages":[${many}{}]}`))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', message: expect.stringContaining('more than 500000 objects') } },
    })
    const said = { ...question, messages: [{ role: 'user', content: `\\"${many}\\\\` }] }
    expect((await ask(JSON.stringify(said))).status).toBe(200)
  })

  test.each([undefined, '', 7, null])('a body that names no model: %j', async (model) => {
    expect(await refusal(post('/v1/chat/completions', JSON.stringify({ ...question, model })))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', param: 'model', message: expect.stringContaining('Set `model`.') } },
    })
    expect(mock.requests).toEqual([])
  })

  test('what a call says of itself, lest a vendor that takes any member goes beyond its limits', async () => {
    const body = JSON.stringify({ ...question, leash: { maxCostUsd: 0.01 } })
    expect(await refusal(post('/v1/chat/completions', body))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', param: 'leash', message: expect.stringContaining('/v1/gateway/chat') } },
    })
    expect(mock.requests).toHaveLength(0)
  })

  test('a body that says it is too large, before it is read', async () => {
    const { status, body } = await refusal(post('/v1/chat/completions', JSON.stringify({ ...question, user: 'x'.repeat(3000) })))
    expect([status, body.error.code]).toEqual([413, 'request_too_large'])
    expect(body.error.message).toContain('2000 bytes')
    expect(mock.requests).toEqual([])
  })

  test('a body that the host has read before, with what to do', async () => {
    const request = new Request('http://leash/v1/chat/completions', { method: 'POST', body: JSON.stringify(question) })
    await request.json()
    expect(await refusal(leashOf().handle(request))).toMatchObject({
      status: 500,
      body: { error: { code: 'invalid_config', message: expect.stringContaining('`clone()`') } },
    })
  })

  test('a body that turns out too large while it is read, of which the rest stays unread', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(500).fill(0x20))
      },
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    const { status } = await leashOf().handle(new Request('http://leash/v1/chat/completions', init))
    expect(status).toBe(413)
    expect(pulled).toBeLessThan(10)
  })

  test('a body of just the limit is taken', async () => {
    const text = JSON.stringify(question)
    expect(
      (await leashOf(text.length).handle(new Request(`${served.url}/v1/chat/completions`, { method: 'POST', body: text })))
        .status,
    ).toBe(200)
    const { status } = await leashOf(text.length - 1).handle(
      new Request(`${served.url}/v1/chat/completions`, { method: 'POST', body: text }),
    )
    expect(status).toBe(413)
  })

  test('a model with an endless name, which would be kept', async () => {
    const asked = (model: string) => refusal(post('/v1/chat/completions', JSON.stringify({ ...question, model })))
    expect(await asked(`openai/${'m'.repeat(506)}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', param: 'model', message: expect.stringContaining('512 characters') } },
    })
    expect((await post('/v1/chat/completions', JSON.stringify({ ...question, model: `openai/${'m'.repeat(505)}` }))).status).toBe(
      200,
    )
  })

  test.each(['ollama/llama3', 'vllm/my-own'])(
    'a model of a server beside this program that nobody configured, which is for the program alone: %s',
    async (model) => {
      const { anthropic } = mockProviders(mock.url)
      const leash = createLeash({ providers: { anthropic }, retry: false })
      const init = { method: 'POST', body: JSON.stringify({ ...question, model }) }
      const response = leash.handle(new Request('http://leash.test/v1/chat/completions', init))
      expect(await refusal(response)).toMatchObject({ status: 400, body: { error: { code: 'unknown_model' } } })
    },
  )

  test('a failure of the host’s own, which is the host’s to answer', async () => {
    const request = () => new Request('http://leash.test/v1/chat/completions', { method: 'POST', body: JSON.stringify(question) })
    const leash = async () => {
      throw new TypeError('No database.')
    }
    await expect(leashOf().handle(request(), { leash })).rejects.toThrow('No database.')
  })

  test('that a middleware threw, and to the host alone what', async () => {
    const leash = createLeash({
      providers: mockProviders(mock.url),
      use: [
        () => async () => {
          throw new Error('connect ECONNREFUSED /srv/app/store.sock')
        },
      ],
    })
    const warnings: string[] = []
    leash.on('warning', ({ message }) => warnings.push(message))
    const host = await serve((request) => leash.handle(request))
    const response = await fetch(`${host.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...question, max_tokens: 9 }),
    })
    const text = await response.text()
    expect([response.status, response.headers.get('x-leash-error')]).toEqual([500, 'invalid_config'])
    expect(text).toContain('A middleware or a store of this server threw.')
    expect(text).not.toContain('ECONNREFUSED')
    const id = response.headers.get('x-leash-id')
    expect(warnings).toEqual([`${id}: A middleware or a store threw connect ECONNREFUSED /srv/app/store.sock.`])
    await host.close()
  })

  test('in the words of the protocol that was spoken', async () => {
    expect((await refusal(post('/v1/messages', '[]'))).body).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
    })
    const gemini = await refusal(post('/v1beta/models/gemini-2.5-flash:generateContent', '[]'))
    expect(gemini.body).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } })
  })

  test('without a key of ours in the answer', async () => {
    const text = JSON.stringify(
      (await refusal(post('/v1/chat/completions', JSON.stringify({ ...question, model: 'unknown' })))).body,
    )
    expect(text).not.toContain('mock')
  })
})

/** How each protocol tells a failure in a stream. */
const failures: Record<string, RegExp> = {
  'openai-chat': /data: \{"error":\{"message":"[^"]*\[stream_truncated\][^\n]*"code":"stream_truncated"\}\}\n\n$/,
  'openai-responses': /event: (?:error|response\.failed)\ndata: [^\n]*stream_truncated[^\n]*\n\n$/,
  'anthropic-messages':
    /event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"\[stream_truncated\][^\n]*\n\n$/,
  gemini: /data: \{"error":\{"code":502,"message":"\[stream_truncated\][^\n]*\}\r?\n\r?\n$/,
}

describe.each(callers.filter(({ protocol }) => protocol in failures))(
  'a stream of $protocol',
  ({ protocol, model, send, terminal }) => {
    test('comes through whole', async () => {
      const response = await send(served.url, 'one two three', true)
      expect(response.headers.get('content-type')).toContain('text/event-stream')
      expect(response.headers.get('x-leash-model')).toBe(model)
      expect(await response.text()).toMatch(terminal)
    })

    test('that ends too early tells so in the protocol’s own words', async () => {
      mock.script({ endWithoutTerminal: true })
      const text = await (await send(served.url, 'one two three', true)).text()
      expect(text).toMatch(failures[protocol] ?? /never/)
      expect(text).not.toMatch(terminal)
    })

    test('whose connection breaks tells so too', async () => {
      // The first call loads what calls need. What breaks meanwhile nobody has read yet, and is asked again.
      await (await send(served.url, 'one', true)).text()
      mock.script({ cutAfter: { events: 6 }, chunkDelayMs: 20 })
      const text = await (await send(served.url, 'one two three four five six', true)).text()
      expect(text).toMatch(/\[network_error\]|\[stream_truncated\]/)
      expect(text).not.toMatch(terminal)
    })

    test('that fails in its vendor’s words has them untouched', async () => {
      mock.script({ errorInStream: { message: 'Oh no', after: 5 } })
      const text = await (await send(served.url, 'one two three four five six', true)).text()
      expect(text).toContain('Oh no')
      expect(text.match(/Oh no/g)?.length).toBeLessThanOrEqual(2)
      expect(text).not.toMatch(terminal)
    })

    test('whose caller leaves is not read on', async () => {
      mock.script({ hang: { afterEvents: 6 } })
      const controller = new AbortController()
      const response = await send(served.url, 'one two three four five six', true, controller.signal)
      await response.body?.getReader().read()
      controller.abort()
      await until(() => mock.requests[0]?.outcome === 'aborted')
    })

    test('whose caller leaves before it begins is not waited for', async () => {
      mock.script({ hang: 'headers' })
      const controller = new AbortController()
      const left = send(served.url, 'one two three', true, controller.signal).catch(() => 'left')
      await until(() => mock.requests.length === 1)
      controller.abort()
      expect(await left).toBe('left')
      await until(() => mock.requests[0]?.outcome === 'aborted')
    })
  },
)

describe('a stream of Gemini without `alt=sse`', () => {
  const question = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'one two three four five six' }] }] })
  const ask = (query = '', model = 'gemini-2.5-flash') =>
    post(`/v1beta/models/${model}:streamGenerateContent${query}`, question, { headers: { 'x-goog-api-key': 'key' } })
  interface Chunk {
    candidates?: { content?: { parts?: { text: string }[] }; finishReason?: string }[]
    error?: { code: number; message: string; status: string }
  }
  const listIn = async (response: Response) => (await response.json()) as Chunk[]
  const textIn = (chunks: Chunk[]) => chunks.map(({ candidates }) => candidates?.[0]?.content?.parts?.[0]?.text).join('')

  test.each(['gemini-2.5-flash', 'claude-haiku-4-5'])('is one list of JSON, whoever answers: %s', async (model) => {
    const response = await ask('', model)
    expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8')
    const chunks = await listIn(response)
    expect(chunks.length).toBeGreaterThan(2)
    expect(textIn(chunks)).toBe('Echo: one two three four five six')
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP')
    expect([response.status, response.headers.get('x-leash-model')]).toEqual([200, model])
  })

  test.each(['?alt=json', '?$alt=json;enum-encoding=int', '?key=alt'])('is one with %s', async (query) => {
    expect(textIn(await listIn(await ask(query)))).toContain('Echo: one')
  })

  test.each(['?alt=sse', '?key=k&alt=sse', '?$alt=sse', '?%24alt=sse'])('is events with %s', async (query) => {
    const response = await ask(query)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toMatch(/^data: \{/)
  })

  test('comes bit by bit', async () => {
    mock.script({ hang: { afterEvents: 3 } })
    const controller = new AbortController()
    const body = fetch(`${served.url}/v1beta/models/gemini-2.5-flash:streamGenerateContent`, {
      method: 'POST',
      body: question,
      signal: controller.signal,
    })
    const reader = (await body).body?.getReader()
    let text = ''
    while (!text.includes('},\n{')) text += new TextDecoder().decode((await reader?.read())?.value)
    expect(text).toMatch(/^\[\{"candidates"/)
    controller.abort()
    await until(() => mock.requests[0]?.outcome === 'aborted')
  })

  test('has a failure on the way as its last item', async () => {
    mock.script({ cutAfter: { events: 3 } })
    const chunks = await listIn(await ask())
    expect(textIn(chunks)).toContain('Echo: ')
    expect(chunks.at(-1)?.error).toMatchObject({ code: 502, status: 'UNAVAILABLE' })
  })

  test('that is refused is a list of one failure', async () => {
    mock.script({ status: 400 })
    const response = await ask()
    expect([response.status, response.headers.get('x-leash-error')]).toEqual([400, 'invalid_request'])
    expect(await listIn(response)).toMatchObject([{ error: { code: 400, status: 'INVALID_ARGUMENT' } }])
    expect(await listIn(await post('/v1beta/models/x:streamGenerateContent', '[]'))).toMatchObject([{ error: { code: 400 } }])
  })
})

test('a caller whose socket breaks in the middle of its own request does no harm', async () => {
  const { port } = new URL(served.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => {
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 999\r\n\r\n{"model"', () => resolve())
  })
  socket.destroy()
  const response = await post('/v1/chat/completions', JSON.stringify(question))
  expect(response.status).toBe(200)
  expect(mock.requests).toHaveLength(1)
})

test('the caller’s own credentials do not reach the vendor', async () => {
  await post('/v1/chat/completions', JSON.stringify(question), {
    headers: { authorization: 'Bearer callers-own', cookie: 'a=b' },
  })
  const headers = JSON.stringify(mock.requests[0]?.headers)
  expect(headers).not.toContain('callers-own')
  expect(headers).not.toContain('a=b')
})

test('what is sent is what was checked, where a body has a member twice', async () => {
  const sent: unknown[] = []
  const transport: typeof fetch = (url, init) => {
    sent.push(init?.body)
    return fetch(url, init)
  }
  const leash = createLeash({
    providers: mockProviders(mock.url),
    access: { models: { allow: ['gpt-4o-mini'] } },
    fetch: transport,
  })
  const twice = JSON.stringify(question).replace('{', '{"model":"gpt-4o","max_tokens":9,')
  const request = new Request('http://leash.test/v1/chat/completions', { method: 'POST', body: twice })
  expect((await leash.handle(request)).status).toBe(200)
  expect(sent).toEqual([JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 9, messages: question.messages })])
})

test('headers of the protocol reach a vendor that speaks it', async () => {
  const body = JSON.stringify({ ...question, model: 'claude-haiku-4-5', max_tokens: 9 })
  await post('/v1/messages', body, {
    headers: { 'anthropic-beta': 'interleaved-thinking-2025-05-14', 'anthropic-version': '2023-06-01' },
  })
  expect(mock.requests[0]?.headers['anthropic-beta']).toContain('interleaved-thinking-2025-05-14')
})

test.each(['openai/\u6a21\u578b', 'openai/half of a pair \ud800'])('a model may be called anything: %j', async (model) => {
  const response = await post('/v1/chat/completions', JSON.stringify({ ...question, model }))
  expect(response.status).toBe(200)
  expect(response.headers.get('x-leash-model')).toMatch(/^[!-~]+$/)
})

test('it works below any prefix', async () => {
  expect((await post('/api/llm/v1/chat/completions', JSON.stringify(question))).status).toBe(200)
})
