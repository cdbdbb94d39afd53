import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../src/leash.js'
import { contentFilter, type LogLine, type LogOptions, log } from '../../src/modules/index.js'
import { HttpLog } from '../../src/modules/log/http.js'
import { mockProviders } from '../../src/testing/index.js'
import { type Listening, listen } from '../helpers/listen.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

const mock = useMock()
const [chat] = asks
const open = (options: LogOptions, more: LeashOptions = {}) =>
  createLeash({ providers: mockProviders(mock.url), retry: false, modules: [log(options)], ...more })
const ask = async (leash: Leash, text = 'one two three', stream = false) => {
  const response = await send(leash, 'fetch', mock.url, chat?.request(text, stream) ?? { path: '', body: {} })
  await response.text()
}
const linesIn = (text: string): LogLine[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

async function logged(options: LogOptions, text?: string, stream?: boolean): Promise<LogLine[]> {
  const lines: LogLine[] = []
  const leash = open({ ...options, to: (line) => void lines.push(line) })
  await ask(leash, text, stream)
  await leash.close()
  return lines
}

describe('a line', () => {
  test.each([false, true])('tells of a call, and nothing of what was said (stream: %s)', async (stream) => {
    const lines = await logged({}, 'one two three', stream)
    expect(lines).toMatchObject([
      {
        id: expect.stringMatching(/^call_/),
        protocol: 'openai-chat',
        model: 'gpt-4.1',
        target: 'openai/gpt-4.1',
        stream,
        outcome: 'ok',
        status: 200,
        attempts: 1,
        durationMs: expect.any(Number),
        usage: expect.any(Object),
      },
    ])
    expect(JSON.stringify(lines)).not.toMatch(/two|"request"|"response"/)
  })

  test.each([false, true])('has what was said where that is asked for, without personal data (stream: %s)', async (stream) => {
    const [line] = await logged({ content: true }, 'write to jane.roe@example.com now', stream)
    expect(JSON.stringify(line?.request)).toContain('write to [EMAIL_ADDRESS] now')
    expect(JSON.stringify(line?.response)).toContain('[EMAIL_ADDRESS]')
    expect(JSON.stringify(line)).not.toContain('jane.roe')
    const [open] = await logged({ content: true, redact: false }, 'write to jane.roe@example.com now', stream)
    expect(JSON.stringify(open)).toContain('jane.roe')
  })

  test('has no part of a value where a long text is cut', async () => {
    const told = async (text: string) => JSON.stringify((await logged({ content: true }, text))[0]?.request)
    expect(await told(`${'x '.repeat(49_994)}jane.roe@example.com now`)).toContain('x x [EMAIL_ADDRESS]"')
    expect(await told(`${'x '.repeat(49_999)}x😀 now`)).toContain('x x\ufffd"')
  })

  test('has no personal data in tags and names either', async () => {
    const lines: LogLine[] = []
    const { LeashLLM } = await import('../../src/index.js')
    const client = new LeashLLM({
      apiKey: 'mock',
      baseURL: `${mock.url}/v1`,
      modules: [log({ to: (line) => void lines.push(line) })],
    })
    const messages = [{ role: 'user' as const, content: 'hi' }]
    const leash = { user: 'jane.roe@example.com', tenant: 'acme', tags: { to: 'joe@example.com' } }
    await client.chat.completions.create({ model: 'gpt-4.1', messages }, { leash })
    await client.leash.close()
    expect(lines).toMatchObject([{ user: '[EMAIL_ADDRESS]', tenant: 'acme', tags: { to: '[EMAIL_ADDRESS]' } }])
  })

  test('quotes no more of the name of a model than may stand there', async () => {
    const lines: LogLine[] = []
    const leash = open({ to: (line) => void lines.push(line) })
    for (const model of [
      'openai/jane.roe@example.com',
      `openai/${'x '.repeat(300)}`,
      `openai/${'x '.repeat(90)}jane.roe@example.com`,
    ]) {
      const body = { model, messages: [{ role: 'user', content: 'hi' }] }
      await (await send(leash, 'handle', mock.url, { path: '/v1/chat/completions', body })).text()
    }
    await leash.close()
    expect(JSON.stringify(lines)).not.toContain('jane.roe')
    expect(lines[0]?.target).toContain('[EMAIL_ADDRESS]')
    expect(String(lines[1]?.target)).toHaveLength(200)
  })

  test('tells of a call that failed, and of one that another module refused', async () => {
    const lines: LogLine[] = []
    const to = (line: LogLine) => void lines.push(line)
    const modules = [log({ to, sample: 0, content: true }), contentFilter({ keywords: ['bluebird'] })]
    const leash = createLeash({ providers: mockProviders(mock.url), retry: false, modules })
    mock.script({ status: 500 })
    await ask(leash)
    await ask(leash, 'bluebird')
    await leash.close()
    expect(lines).toMatchObject([
      { outcome: 'error', code: 'upstream_error', attempts: 1 },
      { outcome: 'error', code: 'policy_blocked', status: 403, attempts: 0 },
    ])
    // It was refused outside of redaction: what it said never came to where the log stands.
    expect(lines[1]?.request).toEqual([])
  })

  test.each([false, true])(
    'has a vendor’s words, which may quote what was said, where that is asked for: %s',
    async (content) => {
      const lines: LogLine[] = []
      const leash = open({ content, to: (line) => void lines.push(line) })
      mock.script({ status: 400, body: { error: { message: 'Unsafe: "one two three"' } } })
      await ask(leash, 'one two three')
      await leash.close()
      expect(lines).toMatchObject([{ outcome: 'error', code: 'invalid_request', status: 400 }])
      expect(JSON.stringify(lines).includes('two')).toBe(content)
    },
  )

  test('tells of a stream that was left, and of one that broke', async () => {
    const lines: LogLine[] = []
    const leash = open({ to: (line) => void lines.push(line) })
    mock.script({ hang: { afterEvents: 3 } }, { cutAfter: { events: 3 } })
    const left = await send(leash, 'fetch', mock.url, chat?.request('one two three', true) ?? { path: '', body: {} })
    const reader = left.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await expect(ask(leash, 'one two three', true)).rejects.toThrow()
    await until(() => lines.length === 2)
    expect(lines).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'error', code: 'network_error' }])
  })

  test('is written for a share of the calls', async () => {
    expect(await logged({ sample: 0 })).toEqual([])
    expect(await logged({ sample: 1 })).toHaveLength(1)
  })
})

test('goes to stdout by itself', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    const leash = open({})
    await ask(leash)
    await leash.close()
    expect(write.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('"call_'))).toHaveLength(1)
  } finally {
    write.mockRestore()
  }
})

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leashllm-log-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is put aside when it is full, compressed, and only as many are kept', async () => {
    const file = join(folder, 'calls.jsonl')
    const leash = open({ to: { file, maxBytes: 900, maxFiles: 2 } })
    for (let call = 0; call < 12; call++) await ask(leash)
    await leash.close()
    const kept = readdirSync(folder).filter((name) => name.startsWith('calls'))
    expect(kept.sort()).toEqual(['calls.jsonl', 'calls.jsonl.1.gz', 'calls.jsonl.2.gz'])
    const texts = [gunzipSync(readFileSync(`${file}.2.gz`)), gunzipSync(readFileSync(`${file}.1.gz`)), readFileSync(file)].map(
      String,
    )
    const ids = texts.flatMap(linesIn).map(({ id }) => String(id))
    expect(ids.length).toBeGreaterThan(3)
    expect(ids).toEqual(ids.toSorted())
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(900)
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  test('is put aside as it is where it is not to be compressed', async () => {
    const file = join(folder, 'plain.jsonl')
    const leash = open({ to: { file, maxBytes: 900, maxFiles: 2, gzip: false } })
    for (let call = 0; call < 12; call++) await ask(leash)
    await leash.close()
    const texts = [`${file}.2`, `${file}.1`, file].map((path) => readFileSync(path, 'utf8'))
    const ids = texts.flatMap(linesIn).map(({ id }) => String(id))
    expect(ids.length).toBeGreaterThan(3)
    expect(ids).toEqual(ids.toSorted())
    expect(readdirSync(folder).filter((name) => name.startsWith('plain'))).toHaveLength(3)
  })

  test('goes on where it was, also uncompressed', async () => {
    const file = join(folder, 'again.jsonl')
    for (let run = 0; run < 2; run++) {
      const leash = open({ to: { file, gzip: false } })
      await ask(leash)
      await leash.close()
    }
    expect(linesIn(readFileSync(file, 'utf8'))).toHaveLength(2)
  })

  test('that cannot be written harms no call, and is seen in health', async () => {
    const leash = open({ to: { file: join(folder, 'no/such/folder.jsonl') } })
    await ask(leash)
    await until(() => (leash.health().modules?.[0]?.metrics.errors ?? 0) === 1)
    const [status] = await leash.modules.health()
    expect(status).toMatchObject({ health: { ok: false, detail: expect.stringContaining('ENOENT') } })
  })
})

describe('an endpoint', () => {
  const got: { url: string; body: string; type: string | undefined; key: unknown }[] = []
  const answers: { status: number; body: string }[] = []
  let server: Listening
  let url = ''
  beforeAll(async () => {
    const answering = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      got.push({ url: request.url ?? '', body, type: request.headers['content-type'], key: request.headers['x-key'] })
      const { status, body: said } = answers.shift() ?? { status: 200, body: '{}' }
      response.writeHead(status).end(said)
    })
    server = await listen(answering)
    url = server.url
  })
  afterEach(() => {
    got.splice(0)
    answers.splice(0)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('gets many lines at a time, and the rest at the end', async () => {
    const leash = open({ to: { url: `${url}/logs`, batch: 2, flushMs: 60_000, headers: { 'x-key': 'k' } } })
    for (let call = 0; call < 3; call++) await ask(leash)
    await until(() => got.length >= 1)
    await leash.close()
    expect(got.map(({ body }) => linesIn(body).length)).toEqual([2, 1])
    expect(got[0]).toMatchObject({ url: '/logs', type: 'application/x-ndjson', key: 'k' })
  })

  test('gets a list where it wants one', async () => {
    const leash = open({ to: { url, format: 'json' } })
    await ask(leash)
    await leash.close()
    expect(JSON.parse(got[0]?.body ?? '')).toMatchObject([{ outcome: 'ok' }])
  })

  test('that refuses gets the lines again, in their order', async () => {
    answers.push({ status: 503, body: '' })
    const leash = open({ to: { url, flushMs: 5 } })
    await ask(leash)
    await ask(leash)
    await until(() => got.length >= 2)
    await leash.close()
    const taken = got.slice(1).flatMap(({ body }) => linesIn(body))
    expect(taken).toHaveLength(2)
    expect(leash.health().modules?.[0]?.metrics.errors).toBe(0)
  })

  test('that redirects has the lines waiting, and they go nowhere else', async () => {
    const modes = vi.spyOn(globalThis, 'fetch')
    answers.push({ status: 307, body: '' })
    const leash = open({ to: { url, flushMs: 5 } })
    await ask(leash)
    await until(() => got.length >= 2)
    await leash.close()
    expect(got[1]?.body).toBe(got[0]?.body)
    expect(modes.mock.calls.find(([asked]) => asked === url)?.[1]?.redirect).toBe('manual')
    modes.mockRestore()
  })

  test.each([400, 413, 422])('that refuses lines for good (%s) gets those that come after', async (status) => {
    answers.push({ status, body: '' })
    const leash = open({ to: { url, batch: 1, flushMs: 5 } })
    await ask(leash)
    await until(() => got.length === 1)
    await ask(leash)
    await until(() => got.length === 2)
    expect(got[1]?.body).not.toBe(got[0]?.body)
    const [log] = await leash.modules.health()
    expect(log?.health).toEqual({ ok: false, detail: `1 lines were refused for good. The endpoint answered ${status}.` })
    await leash.close()
    expect(got).toHaveLength(2)
  })

  test('that is away has lines waiting for it up to so many characters together, of which the oldest go first', async () => {
    const to = new HttpLog({ url: 'http://127.0.0.1:9', batch: 10_000, flushMs: 60_000 })
    const line = (id: string) => ({ id, at: id, texts: 'x'.repeat(4_000_000) }) as unknown as LogLine
    for (let count = 0; count < 12; count++) to.write(line(`${count}`))
    expect(to.health()).toEqual({ ok: false, detail: '4 lines were dropped.' })
    await to.close()
  })

  test('that finds a batch too large gets smaller ones, and loses none', async () => {
    answers.push({ status: 413, body: '' })
    const leash = open({ to: { url, batch: 4, flushMs: 60_000 } })
    for (let i = 0; i < 4; i++) await ask(leash)
    await leash.close()
    const [whole = '', ...halves] = got.map(({ body }) => body)
    expect(halves).toHaveLength(2)
    expect(halves.join('')).toBe(whole)
  })

  test.each([401, 403, 404, 408, 425, 429, 500])('that refuses lines for a time (%s) gets them again', async (status) => {
    answers.push({ status, body: '' })
    const leash = open({ to: { url, flushMs: 5 } })
    await ask(leash)
    await until(() => got.length === 2)
    expect(got[1]?.body).toBe(got[0]?.body)
    await leash.close()
  })

  test('of Elasticsearch gets an index and an id for each, and again what it had no room for', async () => {
    answers.push({ status: 200, body: JSON.stringify({ errors: true, items: [{ create: { status: 429 } }] }) })
    const leash = open({ to: { url: `${url}/`, format: 'elasticsearch', index: 'calls', flushMs: 5 } })
    await ask(leash)
    await until(() => got.length === 2)
    await leash.close()
    expect(got.map(({ url }) => url)).toEqual(['/_bulk', '/_bulk'])
    const [head, line] = linesIn(got[0]?.body ?? '')
    expect(head).toEqual({ create: { _index: 'calls', _id: `${line?.id}-${line?.at}` } })
    expect(got[1]?.body).toBe(got[0]?.body)
  })

  test('of Elasticsearch that will never take a line is not asked for ever', async () => {
    answers.push({ status: 200, body: JSON.stringify({ errors: true, items: [{ create: { status: 400 } }] }) })
    const leash = open({ to: { url, format: 'elasticsearch', index: 'calls' } })
    await ask(leash)
    await leash.close()
    expect(got).toHaveLength(1)
  })
})

test.each([
  [{ to: 'nowhere' }, /`to`/],
  [{ to: { url: 'ftp://x' } }, /`to`/],
  [{ to: { file: '' } }, /`to`/],
  [{ to: { file: 'x', maxFiles: 0 } }, /`to\.maxFiles`/],
  [{ to: { url: 'http://x', format: 'xml' } }, /`to\.format`/],
  [{ to: { url: 'http://x', format: 'elasticsearch' } }, /`to\.index`/],
  [{ sample: 2 }, /`sample`/],
])('options that cannot be are refused: %o', (options, message) => {
  expect(() => log(options as never)).toThrow(message)
})
