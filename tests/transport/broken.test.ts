/** Answers that are cut, damaged, or not what was asked for. */
import { describe, expect, test } from 'vitest'
import { createLeash, type LeashOptions, type Report } from '../../src/leash.js'
import { type Fault, mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { failureOf, lane, lanes, prompt, read } from './lanes.js'

const mock = useMock()

describe.each(lanes)('%s', (_, model) => {
  const cuts: readonly (readonly [string, Fault, RegExp])[] = [
    ['ends without its end', { endWithoutTerminal: true }, /stream_truncated/],
    ['ends after its first bytes', { cutAfter: { bytes: 40 } }, /network_error|terminated|other side closed|ECONN|UND_ERR/],
    ['breaks off in the middle', { cutAfter: { events: 6 } }, /network_error|terminated|other side closed|ECONN|UND_ERR/],
  ]

  test.each(cuts)('a stream that %s is a failure, and never an end', async (_, fault, code) => {
    mock.script(fault)
    const { ask, reports } = lane(mock, model)
    expect(await failureOf(ask({ stream: true }))).toMatch(code)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error' }] }])
  })

  test.each(['', ': one moment\n\n'])('a stream of nothing (%j) is a failure, and tried again', async (body) => {
    const headers = { 'content-type': 'text/event-stream' }
    mock.script({ status: 200, headers, body, times: 2 })
    const { ask, reports } = lane(mock, model, { retry: { attempts: 3, backoff: () => 0 } })
    expect(await failureOf(ask({ stream: true }))).toBe('none')
    expect(reports[0]?.attempts.map(({ error }) => error)).toEqual(['stream_truncated', 'stream_truncated', undefined])
  })

  test('a stream that does not say what it is, as it comes through a proxy that forgets headers, is read as one', async () => {
    const transport: typeof fetch = async (url, init) => new Response((await fetch(url, init)).body)
    const told = async (options: LeashOptions) => (await read(await lane(mock, model, options).ask({ stream: true }))).text
    expect(await told({ fetch: transport })).toContain('data: [DONE]')
  })

  test('a stream cut after any number of events fails or is whole', async () => {
    const whole = (await read(await lane(mock, model).ask({ stream: true }))).text
    for (let events = 0; events < 20; events++) {
      mock.reset()
      mock.script({ cutAfter: { events } })
      const { ask, reports } = lane(mock, model)
      const failed = await failureOf(ask({ stream: true }))
      const isWhole = reports[0]?.attempts[0]?.outcome === 'ok'
      expect(`${events}: ${failed === 'none'}`).toBe(`${events}: ${isWhole}`)
      expect(reports[0]?.ended).toBe(true)
    }
    expect(whole).toContain('[DONE]')
  })

  test('a damaged answer is tried again', async () => {
    mock.script({ malformed: true })
    const { ask, reports } = lane(mock, model, { retry: { backoff: () => 0 } })
    expect((await ask()).status).toBe(200)
    expect(reports[0]?.attempts.map(({ error }) => error)).toEqual(['upstream_malformed', undefined])
  })

  test.each([
    ['an empty body', { body: '' }],
    ['a number', { body: 7 }],
    ['a list of nothing', { body: null }],
  ])('%s where JSON was due fails, and does not hang', async (_, fault) => {
    mock.script({ ...fault, status: 200, headers: { 'content-type': 'application/json' } })
    const answer = await lane(mock, model).ask()
    expect(answer.ok ? [await answer.text()] : (await answer.json()).error.code).toBe('upstream_malformed')
  })

  test('a page of HTML in place of an answer is no answer', async () => {
    mock.script({ status: 200, body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } })
    const response = await lane(mock, model).ask()
    const text = await response.text()
    // Who was addressed by the caller itself may well answer in HTML; one that we addressed may not.
    if (model.startsWith('gpt')) expect([response.status, text]).toEqual([200, '<html>Sign in</html>'])
    else expect(JSON.parse(text).error.code).toBe('upstream_malformed')
  })

  test('a refusal of HTML is a refusal, without its markup as a message', async () => {
    mock.script({ status: 502, body: '<html><h1>Bad gateway</h1></html>', headers: { 'content-type': 'text/html' } })
    const response = await lane(mock, model).ask()
    expect(response.status).toBe(502)
  })

  test('a mistake in a transport is told as what it is, and blamed on no request', async () => {
    const transport = async () => {
      throw new ReferenceError('agent is not defined')
    }
    const { ask, reports } = lane(mock, model, { fetch: transport })
    await expect(ask()).rejects.toThrow('agent is not defined')
    expect(reports[0]?.attempts[0]?.error).toBe('network_error')
  })

  test('no failure quotes the prompt or a key', async () => {
    for (const fault of [{ malformed: true }, { reset: true }, { status: 500, body: { error: { message: 'x' } } }]) {
      mock.script(fault)
      const answer = await lane(mock, model)
        .ask()
        .then((response) => response.text(), String)
      expect(answer).not.toContain(prompt)
      expect(answer).not.toContain('caller')
    }
  })
})

describe.each(lanes)('an error in a stream: %s', (_, model) => {
  const leaving: readonly (readonly [string, (abort: AbortController, reader: ReadableStreamDefaultReader) => unknown])[] = [
    ['by an abort, as OpenAI’s SDK does', (abort) => abort.abort()],
    ['by closing the stream, as Anthropic’s SDK does', (_, reader) => reader.cancel()],
    ['without a word, as Google’s SDK does', (_, reader) => reader.releaseLock()],
  ]

  test.each(leaving)('is a failure of the attempt when its caller then leaves %s', async (_, leave) => {
    mock.script({ errorInStream: { message: 'Oh no', after: 6 } })
    const { ask, reports } = lane(mock, model)
    const abort = new AbortController()
    const reader = (await ask({ stream: true, signal: abort.signal })).body?.getReader()
    if (!reader) throw new Error('There is no stream.')
    for (let text = ''; !text.includes('Oh no'); ) text += new TextDecoder().decode((await reader.read()).value)
    await leave(abort, reader)
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error', error: 'upstream_error' }] }])
  })

  test('ends the stream also where its vendor keeps the connection', async () => {
    mock.script({ errorInStream: { message: 'Oh no', after: 6 }, hang: { afterEvents: 7 } })
    const { ask, reports } = lane(mock, model)
    expect((await read(await ask({ stream: true }))).text).toContain('Oh no')
    expect(reports).toMatchObject([{ ended: true, attempts: [{ outcome: 'error' }] }])
  })
})

test('an error in a translated stream is told in the caller’s protocol', async () => {
  mock.script({ errorInStream: { message: 'Oh no', after: 6 } })
  const { text } = await read(await lane(mock, 'claude-haiku-4-5').ask({ stream: true }))
  expect(text).toMatch(/data: \{"error":\{"message":"[^"]*Oh no[^\n]*\}\n\n$/)
  expect(text).not.toContain('[DONE]')
})

test('an error before the content of a stream is an ordinary failure, and tried again', async () => {
  for (const model of ['gpt-4o-mini', 'claude-haiku-4-5']) {
    mock.reset()
    mock.script({ errorInStream: { status: 529, message: 'Busy', type: 'overloaded_error', after: 1 } })
    const { ask } = lane(mock, model, { retry: { backoff: () => 0 } })
    expect((await read(await ask({ stream: true }))).text).toContain('[DONE]')
    expect(mock.requests).toHaveLength(2)
  }
})

describe('a vendor that answers 200 to what has failed, as OpenRouter does', () => {
  const message = 'Provider returned error'
  const type = (stream: boolean) => ({ 'content-type': stream ? 'text/event-stream' : 'application/json' })
  const told = (code: number, stream: boolean): Fault => {
    const error = { message, code }
    const choices = [{ index: 0, delta: { content: '' }, finish_reason: 'error' }]
    const chunk = { id: 'gen-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices, error }
    const body = stream ? `: PROCESSING\n\ndata: ${JSON.stringify(chunk)}\n\n` : { error }
    return { status: 200, headers: type(stream), body }
  }

  test.each([false, true])('is asked again (stream: %s)', async (stream) => {
    mock.script(told(502, stream))
    const { ask, reports } = lane(mock, 'gpt-4o-mini', { retry: { backoff: () => 0 } })
    const { text } = await read(await ask({ stream }))
    expect(text).not.toContain(message)
    expect(reports[0]?.attempts.map(({ error }) => error)).toEqual(['upstream_error', undefined])
  })

  test.each([false, true])('is not asked again where that would not help (stream: %s)', async (stream) => {
    mock.script(told(400, stream))
    const { ask, reports } = lane(mock, 'gpt-4o-mini', { retry: { backoff: () => 0 } })
    const response = await ask({ stream })
    expect(response.status).toBe(stream ? 200 : 400)
    expect((await read(response)).text).toContain(message)
    expect(reports[0]?.attempts.map(({ error }) => error)).toEqual(['invalid_request'])
  })

  test('has not failed where the error is none', async () => {
    const body = '{"error":null,"choices":[]}'
    mock.script({ status: 200, headers: type(false), body })
    expect(await (await lane(mock, 'gpt-4o-mini').ask()).text()).toBe(body)
  })
})

describe('a response that says of itself that it failed', () => {
  const failed = (code: string) => ({
    ...{ id: 'resp_1', object: 'response', created_at: 1, status: 'failed', model: 'gpt-5', output: [] },
    ...{ error: { code, message: 'No.' }, usage: { input_tokens: 7, output_tokens: 0, total_tokens: 7 } },
  })
  const ask = async (...codes: string[]) => {
    mock.script(...codes.map((code) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: failed(code) })))
    const leash = createLeash({ providers: mockProviders(mock.url), retry: { attempts: 2, backoff: () => 0 } })
    const reports: Report[] = []
    leash.on('result', (report) => reports.push(report))
    const body = JSON.stringify({ model: 'gpt-5', input: prompt })
    const response = await leash.handle(new Request('http://leash.test/v1/responses', { method: 'POST', body }))
    return { response, report: reports[0] }
  }

  test('is asked for again', async () => {
    const { response, report } = await ask('server_error')
    expect(await response.json()).toMatchObject({ status: 'completed' })
    expect(report?.attempts).toMatchObject([
      { outcome: 'error', error: 'upstream_error', usage: { input: 7 } },
      { outcome: 'ok' },
    ])
  })

  test('reaches its caller as it is when nobody has a better one', async () => {
    const { response, report } = await ask('server_error', 'server_error')
    expect([response.status, await response.json()]).toEqual([200, failed('server_error')])
    expect(report?.attempts).toMatchObject([{ outcome: 'error' }, { outcome: 'error' }])
  })

  test('is asked for once where that would not help', async () => {
    const { response, report } = await ask('invalid_prompt')
    expect(await response.json()).toMatchObject({ status: 'failed' })
    expect(report?.attempts).toMatchObject([{ error: 'content_filtered' }])
  })
})
