/**
 * What only the runtime could still hold, and does not, while a call goes on: once Node has collected a request, its signal never
 * fires (https://github.com/nodejs/undici/issues/3644), and responses and timeouts have their like.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { queryObjects } from 'node:v8'
import { describe, expect, onTestFinished, test } from 'vitest'
import { within } from '../../src/core/within.js'
import { createLeash } from '../../src/leash.js'
import { requestOf } from '../../src/node-http.js'
import { checkedRequest } from '../../src/relay/people/request-signing.js'
import { mockProviders } from '../../src/testing/index.js'
import { collectAll, collected } from '../helpers/collect.js'
import { until, useMock } from '../helpers/mock.js'

const mock = useMock()

const body = JSON.stringify({
  model: 'gpt-4o-mini',
  stream: true,
  messages: [{ role: 'user', content: 'one two three four five' }],
})
const headers = { authorization: 'Bearer caller' }
const request = (signal: AbortSignal) => new Request(`${mock.url}/v1/chat/completions`, { method: 'POST', headers, body, signal })

const leash = () => createLeash({ providers: mockProviders(mock.url), retry: false })

test.each<[string, (signal: AbortSignal) => Promise<Response>]>([
  ['leash.handle', (signal) => leash().handle(request(signal))],
  ['leash.fetch', (signal) => leash().fetch(request(signal))],
])('a caller of %s who leaves amid a stream stops the vendor', async (_, ask) => {
  mock.script({ hang: { afterEvents: 3 } })
  const controller = new AbortController()
  const response = await ask(controller.signal)
  const reader = response.body?.getReader()
  await reader?.read()
  const rest = reader?.read().catch(() => 'left')
  await collectAll()
  controller.abort()
  await until(() => mock.requests[0]?.outcome === 'aborted')
  await rest
})

/** As Deno has it: the body of a response that was collected hears no signal. */
const fetchOfDeno: typeof fetch = async (url, { signal, ...init } = {}) => {
  const { body, status, headers } = await fetch(url, init)
  const reader = body?.getReader()
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      signal?.addEventListener('abort', () => {
        if (!collectable.deref()) return
        controller.error(signal.reason)
        void reader?.cancel()
      })
    },
    async pull(controller) {
      const read = await reader?.read()
      if (read?.value) controller.enqueue(read.value)
    },
  })
  const response = new Response(stream, { status, headers })
  const collectable = new WeakRef(response)
  return response
}

test.each(['gpt-4o-mini', 'claude-haiku-4-5'])('a stream of %s ends when its caller leaves, on Deno too', async (model) => {
  mock.script({ hang: { afterEvents: 5 } })
  const controller = new AbortController()
  const { fetch } = createLeash({ providers: mockProviders(mock.url), retry: false, fetch: fetchOfDeno })
  const init = { method: 'POST', headers, body: body.replace('gpt-4o-mini', model), signal: controller.signal }
  const rest = fetch(`${mock.url}/v1/chat/completions`, init).then(({ body }) => body && readOn(body.getReader()))
  await until(() => mock.requests.length === 1)
  await collectAll()
  controller.abort()
  await expect(rest).rejects.toThrow()
})

async function readOn(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

const signed = { 'x-leash-signature': 'v1=', 'x-leash-digest': '' }

const address = new URL('http://localhost/')

describe.each<[string, (incoming: IncomingMessage, signal: AbortSignal) => Request]>([
  ['of node:http', (incoming, signal) => requestOf(incoming, address, signal)],
  ['whose body is checked', (incoming, signal) => checkedRequest(requestOf(incoming, address, signal))],
])('a request %s', (_, make) => {
  test('tells that its caller has left', async () => {
    const left = new AbortController()
    const connection = incoming()
    const told = once(make(connection, left.signal).signal, 'abort')
    await collectAll()
    left.abort()
    await told
    connection.destroy()
  })

  test('is let go of with its connection', async () => {
    const made = new WeakRef(make(incoming(), new AbortController().signal))
    await collected(made)
  })
})

test('a request to leash.handle is let go of when it is answered', async () => {
  const { handle } = leash()
  const ask = async () => {
    const asked = request(new AbortController().signal)
    await (await handle(asked)).text()
    return new WeakRef(asked)
  }
  await collected(await ask())
})

const incoming = () => Object.assign(Readable.from([body]), { method: 'POST', headers: signed }) as unknown as IncomingMessage

/** As Node has it before 22.16: what fires it, it does not hold. */
function anyOfOldNode(signals: Iterable<AbortSignal>): AbortSignal {
  const refs = [...signals].map((signal) => new WeakRef(signal))
  const first = new AbortController()
  const look = setInterval(() => {
    if (!refs.some((ref) => ref.deref()?.aborted)) return
    clearInterval(look)
    first.abort()
  }, 5)
  return first.signal
}

test('a time that is over is told by an older Node too, whose `AbortSignal.any` holds nothing', async () => {
  const { any } = AbortSignal
  AbortSignal.any = anyOfOldNode
  onTestFinished(() => {
    AbortSignal.any = any
  })
  const told = once(within(500, new AbortController().signal), 'abort')
  await collectAll()
  await told
})

/** Since 24.16: https://github.com/nodejs/node/issues/65995 */
test('a time that is over while nobody listens is told to who asks later', async () => {
  const signal = within(5, new AbortController().signal)
  await collectAll()
  expect(signal.aborted).toBe(true)
})

test('a time that is still to come is let go of when another signal has fired', async () => {
  const leaveEarly = () => {
    const left = new AbortController()
    within(60_000, left.signal)
    left.abort()
  }
  await collectAll()
  const before = Number(queryObjects(AbortSignal))
  for (let count = 0; count < 100; count++) leaveEarly()
  await collectAll()
  expect(queryObjects(AbortSignal)).toBeLessThan(before + 10)
})
