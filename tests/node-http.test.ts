import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { type NodeRequest, pathOf, type Sent, send, write } from '../src/node-http.js'

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
