/** What carries the relay's calls: as `fetch` does, for all that the engine sees of it. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LeashLLM } from '../../../src/client.js'
import { openVendorPool } from '../../../src/relay/gateway/vendor-pool.js'

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function open() {
  const pool = openVendorPool()
  onTestFinished(() => pool.close())
  return pool.transport
}

/** What becomes of a body that is read to its end. */
async function read(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read())
    text += decoder.decode(piece.value, { stream: true })
  return text
}

const post = (body: string, signal?: AbortSignal): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'x-mine': 'yes' },
  ...(signal && { signal }),
})

it('sends what it is given, and hands on status, headers and body', async () => {
  const url = await serve(async (request, response) => {
    const pieces = await request.toArray()
    response.writeHead(418, { 'x-theirs': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'] })
    response.end(`${request.method} ${request.url} ${request.headers['x-mine']} ${Buffer.concat(pieces)}`)
  })
  const response = await open()(`${url}/v1/x?y=1`, post('héllo'))
  expect([response.status, response.ok, response.headers.get('x-theirs')]).toEqual([418, false, 'a, b'])
  expect(response.headers.getSetCookie()).toEqual(['c=1', 'd=2'])
  expect(await response.text()).toBe('POST /v1/x?y=1 yes héllo')
})

it.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
] as const)('unpacks %s', async (encoding, pack) => {
  const text = 'häuser '.repeat(1000)
  const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(pack(text)))
  expect(await read(await open()(url, post('')))).toBe(text)
})

it("is one of the platform's answers, for whoever asks", async () => {
  const fields = { 'x-theirs': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'], 'content-type': 'application/json', 'X-One': 'é' }
  const url = await serve((_, response) => response.writeHead(200, fields).end('{"a":1}'))
  const [ours, theirs] = [await open()(url, post('')), await fetch(url, post(''))]
  const { headers } = ours
  expect([ours, headers, ours.body].map((it, at) => it instanceof ([Response, Headers, ReadableStream][at] ?? Array))).toEqual([
    true,
    true,
    true,
  ])
  const sorted = (all: Iterable<readonly string[] | string>) => [...all].map(String).sort()
  for (const list of ['entries', 'keys', 'values'] as const) {
    const isDate = (it: readonly string[] | string) => String(it).includes('GMT')
    const both = [headers, theirs.headers].map((some) => sorted(some[list]()).filter((it) => !isDate(it)))
    expect(both[0]).toEqual(both[1])
  }
  expect(sorted(new Headers(headers))).toEqual(sorted(headers))
  const seen: string[] = []
  headers.forEach((value, name) => void seen.push(`${name},${value}`))
  expect(seen.sort()).toEqual(sorted(headers))
  expect([headers.get('X-Theirs'), headers.get('constructor'), headers.has('toString'), headers.get('x-one')]).toEqual([
    'a, b',
    null,
    false,
    theirs.headers.get('x-one'),
  ])
  headers.set('X-Theirs', 'c')
  headers.append('x-theirs', 'd')
  headers.append('X-New', 'e')
  headers.delete('x-ONE')
  expect([headers.get('x-theirs'), headers.get('x-new'), headers.get('x-one')]).toEqual(['c, d', 'e', null])
  expect(() => headers.set('x-wrong', 'a\nb')).toThrow(TypeError)
  expect(await ours.json()).toEqual(await theirs.json())
})

it.each(['arrayBuffer', 'bytes', 'blob', 'text'] as const)('is read as %s', async (how) => {
  const url = await serve(async (_, response) => {
    for (const piece of [[0xef, 0xbb, 0xbf, 0x68, 0xc3], [0xa4], [0x75]]) {
      response.write(Buffer.from(piece))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    response.end()
  })
  const [ours, theirs] = [await open()(url, post('')), await fetch(url, post(''))]
  expect(await ours[how]()).toEqual(await theirs[how]())
})

it('carries the calls of a leash, whole ones and streams, and what the vendor refuses', async () => {
  const chunk = {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content: 'hi' } }],
  }
  const whole = { ...chunk, object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'hi' } }] }
  let refuses = false
  const url = await serve(async (request, response) => {
    const { stream } = JSON.parse(Buffer.concat(await request.toArray()).toString())
    if (refuses) response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}')
    else if (stream)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`)
    else response.writeHead(200, { 'content-type': 'application/json', 'x-theirs': 'yes' }).end(JSON.stringify(whole))
  })
  const carry = open()
  const leash = new LeashLLM({
    fetch: (to, init = {}) => carry(String(to), init),
    retry: false,
    providers: { openai: { baseURL: url, apiKey: 'k' } },
  })
  const body = { model: 'openai/m', messages: [{ role: 'user' as const, content: 'hi' }] }
  const { data, response } = await leash.chat.completions.create(body).withResponse()
  expect([data.choices[0]?.message.content, response.headers.get('x-theirs'), response.headers.has('x-leash-id')]).toEqual([
    'hi',
    'yes',
    true,
  ])
  const texts: unknown[] = []
  for await (const { choices } of await leash.chat.completions.create({ ...body, stream: true }))
    texts.push(choices[0]?.delta.content)
  expect(texts).toEqual(['hi'])
  refuses = true
  await expect(leash.chat.completions.create(body)).rejects.toMatchObject({ status: 400 })
  await leash.leash.close()
})

it('does not follow where an answer leads, and keeps no body from the next call', async () => {
  const url = await serve((_, response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end())
  expect((await open()(url, post(''))).status).toBe(307)
})

describe('fails as fetch does', () => {
  it('when nobody is there', async () => {
    await expect(open()('http://127.0.0.1:9/', post(''))).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('when the connection breaks before the answer, or within it', async () => {
    const before = await serve(({ socket }) => socket.destroy())
    await expect(open()(before, post(''))).rejects.toBeInstanceOf(TypeError)
    const within = await serve(({ socket }, response) => {
      response.write('half')
      setTimeout(() => socket.destroy(), 20)
    })
    await expect(read(await open()(within, post('')))).rejects.toBeInstanceOf(TypeError)
  })

  it('with the reason of a signal, before the answer, within it, and where it has fired already', async () => {
    const reason = new Error('enough')
    const silent = await serve(() => {})
    await expect(open()(silent, post('', AbortSignal.abort(reason)))).rejects.toBe(reason)
    const stop = new AbortController()
    const asked = open()(silent, post('', stop.signal))
    setTimeout(() => stop.abort(reason), 20)
    await expect(asked).rejects.toBe(reason)
    const talking = await serve((_, response) => void response.write('half'))
    const later = new AbortController()
    const response = await open()(talking, post('', later.signal))
    setTimeout(() => later.abort(reason), 20)
    await expect(read(response)).rejects.toBe(reason)
  })
})

it('ends the request when nobody reads on', async () => {
  let closed: Promise<unknown> = Promise.resolve()
  const url = await serve((_, response) => {
    closed = once(response, 'close')
    response.write('more to come')
  })
  const reader = (await open()(url, post(''))).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await closed
  expect(await reader?.read()).toEqual({ done: true, value: undefined })
})

it('holds up a vendor who speaks faster than he is read', async () => {
  let sent = 0
  const url = await serve((_, response) => {
    const piece = Buffer.alloc(64 * 1024)
    const more = () => {
      for (let goesOn = true; goesOn && sent < 400; sent++) goesOn = response.write(piece)
      if (sent < 400) response.once('drain', more)
      else response.end()
    }
    more()
  })
  const response = await open()(url, post(''))
  await new Promise((resolve) => setTimeout(resolve, 200))
  // Socket buffers take some of it, and we a quarter of a megabyte; it is 25 in all.
  expect(sent).toBeLessThan(300)
  expect((await read(response)).length).toBe(400 * 64 * 1024)
})
