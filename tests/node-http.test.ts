import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type NodeRequest, pathOf, type Sent, send, write } from '../src/node-http.js'
import { until } from './helpers/mock.js'

const headers: [string, string][] = [['content-type', 'text/plain']]
const told: string[] = []
let release = () => {}
const before = () =>
  new Promise<void>((resolve) => {
    told.push('asked')
    release = resolve
  })

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('piece')
}

const answers: Record<string, Sent | Response> = {
  '/whole': { status: 200, headers, body: 'whole' },
  '/stream': { status: 200, headers, body: pieces() },
  '/response': new Response('response'),
}

const server = createServer((incoming, outgoing) => {
  const answer = answers[incoming.url ?? '']
  if (answer instanceof Response) void send(answer, outgoing, { before })
  else if (answer) void write(answer, outgoing, { before })
}).listen(0, '127.0.0.1')
await once(server, 'listening')
afterAll(() => server.close())

test.each(Object.keys(answers))('%s is not complete before that which it is held back for', async (path) => {
  const { port } = server.address() as AddressInfo
  told.length = 0
  const answered = fetch(`http://127.0.0.1:${port}${path}`)
    .then((response) => response.text())
    .then((text) => told.push(text))
  for (let times = path === '/response' ? 2 : 1; times > 0; times--) {
    const asked = told.length
    while (told.length === asked) await new Promise(setImmediate)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(told.every((one) => one === 'asked')).toBe(true)
    release()
  }
  await answered
  expect(told.at(-1)).toBe({ '/whole': 'whole', '/stream': 'piece' }[path] ?? 'response')
})

test('headers of a stream go out before its first bytes, where those take their time', async () => {
  const { port } = server.address() as AddressInfo
  let begin = () => {}
  async function* late(): AsyncGenerator<Uint8Array> {
    await new Promise<void>((resolve) => {
      begin = resolve
    })
    yield new TextEncoder().encode('late')
  }
  told.length = 0
  answers['/late'] = { status: 200, headers, body: late() }
  const response = await fetch(`http://127.0.0.1:${port}/late`)
  expect(response.headers.get('content-type')).toBe('text/plain')
  begin()
  const text = response.text()
  while (told.at(-1) !== 'asked') await new Promise(setImmediate)
  release()
  expect(await text).toBe('late')
})

describe('a stream', () => {
  const piece = new Uint8Array(64 * 1024)

  /** Answers by so many pieces, and tells what was held back at most, and whether the answer was left. */
  async function streaming(count: number) {
    const seen = { pulled: 0, held: 0, left: false, outgoing: undefined as ServerResponse | undefined }
    const written = Promise.withResolvers<void>()
    async function* body(outgoing: ServerResponse): AsyncGenerator<Uint8Array> {
      try {
        for (; seen.pulled < count; seen.pulled++) {
          seen.held = Math.max(seen.held, outgoing.writableLength)
          yield piece
        }
      } finally {
        seen.left = seen.pulled < count
      }
    }
    const server = createServer((_, outgoing) => {
      seen.outgoing = outgoing
      write({ status: 200, headers, body: body(outgoing) }, outgoing).then(written.resolve, written.reject)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return { seen, written: written.promise, port: (server.address() as AddressInfo).port }
  }

  test('is read no faster than it is written, and comes whole', async () => {
    const { seen, written, port } = await streaming(500)
    const response = await fetch(`http://127.0.0.1:${port}/`)
    expect((await response.arrayBuffer()).byteLength).toBe(500 * piece.length)
    await written
    expect(seen).toMatchObject({ pulled: 500, left: false })
    expect(seen.held).toBeLessThan(4 * piece.length)
  })

  test('is left when its reader leaves while it waits to be read', async () => {
    const { seen, written, port } = await streaming(100_000)
    const reader = connect(port, '127.0.0.1').pause()
    reader.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
    await until(() => seen.pulled > 1 && seen.outgoing?.writableNeedDrain === true)
    reader.destroy()
    await written
    expect(seen.left).toBe(true)
  })

  test('is left by whoever left before it began', async () => {
    let left = false
    const body: AsyncIterator<Uint8Array> = {
      next: () => Promise.reject(new Error('Nobody reads it.')),
      async return() {
        left = true
        return { done: true, value: undefined }
      },
    }
    await write({ status: 200, headers, body }, { destroyed: true } as ServerResponse)
    expect(left).toBe(true)
  })
})

test('cookies have a line each, and of any other header the last one counts', async () => {
  const { port } = server.address() as AddressInfo
  const all: [string, string][] = [
    ...headers,
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['set-cookie', 'c=3'],
    ['x-one', '1'],
    ['x-one', '2'],
  ]
  answers['/cookies'] = { status: 200, headers: all, body: 'whole' }
  const answered = fetch(`http://127.0.0.1:${port}/cookies`)
  const asked = told.length
  await until(() => told.length > asked)
  release()
  const response = await answered
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2', 'c=3'])
  expect(response.headers.get('x-one')).toBe('2')
})

test('a path reads the same, however it is asked for', () => {
  const paths = [
    '/v1/chat/completions',
    '/v1beta/models/gemini-2.5:generateContent',
    '/',
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/%41',
    '/é',
  ]
  for (const path of paths) {
    const parsed = URL.parse(path, 'http://localhost')?.pathname
    expect(pathOf({ url: path } as NodeRequest)).toBe(parsed)
    expect(pathOf({ url: `${path}?a=b#c` } as NodeRequest)).toBe(parsed)
  }
  expect(pathOf({ url: 'http://elsewhere/v1/chat' } as NodeRequest)).toBe('/v1/chat')
})
