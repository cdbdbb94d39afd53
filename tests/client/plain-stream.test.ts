/** A leashed stream is read past the SDK's reader where it is plain: both must give the same, however it comes. */
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'

const encoder = new TextEncoder()
const chunk = (content: string, finish: string | null = null) =>
  JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-mini',
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  })
const last = chunk('', 'stop')

/** Upstreams that send these pieces, and remember how they were left. */
function upstream(pieces: readonly Uint8Array<ArrayBuffer>[], ends = true) {
  const left = vi.fn()
  let signal: AbortSignal | null | undefined
  const fetch: typeof globalThis.fetch = async (_, init) => {
    let next = 0
    signal = init?.signal
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces[next++]
        if (piece) controller.enqueue(piece)
        else if (ends) controller.close()
      },
      cancel: left,
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'r' } })
  }
  return { fetch, left, signal: () => signal }
}

const clientsOver = (pieces: readonly Uint8Array<ArrayBuffer>[]) => {
  const options = { apiKey: 'k', maxRetries: 0 }
  return [
    new OpenAI({ ...options, fetch: upstream(pieces).fetch }),
    new LeashLLM({ ...options, fetch: upstream(pieces).fetch }),
  ] as const
}

const ask = (client: OpenAI) =>
  client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage: true },
  })

/** What a reader gets to see, and how it ends. */
async function read(client: OpenAI): Promise<unknown> {
  const chunks: unknown[] = []
  try {
    for await (const chunk of await ask(client)) chunks.push(chunk)
    return { chunks }
  } catch (error) {
    return { chunks, name: (error as Error).constructor.name, message: (error as Error).message }
  }
}

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

/** The bytes, cut at these places. */
function cut(text: string, places: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const bytes = encoder.encode(text)
  const at = [0, ...places.map((place) => place % bytes.length), bytes.length].sort((a, b) => a - b)
  return at.slice(1).flatMap((end, index) => (end > (at[index] ?? 0) ? [bytes.slice(at[index], end)] : []))
}

const events: Readonly<Record<string, string>> = {
  'a plain one': `data: ${chunk('word ')}\n\n`,
  'one beyond ASCII': `data: ${chunk('Grüße 👋 \u2028')}\n\n`,
  'one with a name': `event: message\ndata: ${chunk('named')}\n\n`,
  'one of two lines': `data: ${chunk('two').replace(',"choices"', ',\ndata: "choices"')}\n\n`,
  'one without a space': `data:${chunk('tight')}\n\n`,
  'one with other line ends': `data: ${chunk('crlf')}\r\n\r\n`,
  'one with an id and a retry': `id: 1\nretry: 5\ndata: ${chunk('id')}\n\n`,
  'a comment': ': keep-alive\n\n',
  'empty lines': '\n\n\n',
}

describe('what is read is what the SDK reads', () => {
  test.each(Object.entries(events))('of %s', async (_, event) => {
    const text = `data: ${chunk('first ')}\n\n${event}${event}data: ${last}\n\ndata: [DONE]\n\n`
    for (const pieces of [cut(text, []), text.split(/(?<=\n\n)/).map((piece) => encoder.encode(piece))]) {
      const [theirs, ours] = clientsOver(pieces)
      expect(await read(ours)).toEqual(await read(theirs))
    }
  })

  test('of any mixture, however it is cut', async () => {
    const mixed = fc.array(fc.constantFrom(...Object.values(events)), { maxLength: 6 })
    const ends = fc.constantFrom('data: [DONE]\n\n', '', 'data: [DONE]', `data: [DONE]\n\ndata: ${chunk('late')}\n\n`)
    await fc.assert(
      fc.asyncProperty(mixed, fc.array(fc.nat(), { maxLength: 8 }), ends, async (events, places, end) => {
        const pieces = cut(`${events.join('')}data: ${last}\n\n${end}`, places)
        const [theirs, ours] = clientsOver(pieces)
        expect(await read(ours)).toEqual(await read(theirs))
      }),
      { numRuns: 60 },
    )
  })

  const failures = {
    'an error after content': 'data: {"error":{"message":"Overloaded","type":"server_error"}}\n\n',
    'a named error after content': 'event: error\ndata: {"error":{"message":"Overloaded"}}\n\n',
  }
  test.each(Object.entries(failures))('of %s', async (_, failure) => {
    const [theirs, ours] = clientsOver([`data: ${chunk('first ')}\n\n`, failure].map((piece) => encoder.encode(piece)))
    expect(await read(ours)).toEqual(await read(theirs))
  })
})

describe('a stream', () => {
  const plain = [chunk('a'), chunk('b'), last].map((data) => encoder.encode(`data: ${data}\n\n`))
  const leashed = (from: ReturnType<typeof upstream>) => new LeashLLM({ apiKey: 'k', fetch: from.fetch })

  test('that is left is ended upstream, and so is its controller', async () => {
    const from = upstream(plain, false)
    const stream = await ask(leashed(from))
    for await (const _ of stream) break
    expect(stream.controller.signal.aborted).toBe(true)
    expect(from.signal()?.aborted).toBe(true)
  })

  test('that is aborted between two events of one piece gives no other', async () => {
    const piece = cut(`data: ${chunk('a')}\n\ndata: ${chunk('b')}\n\ndata: ${last}\n\ndata: [DONE]\n\n`, [])
    const stream = await ask(leashed(upstream(piece)))
    let chunks = 0
    for await (const _ of stream) if (++chunks === 1) stream.controller.abort()
    expect(chunks).toBe(1)
  })

  test('whose caller aborts tells its request why', async () => {
    const from = upstream(plain, false)
    const caller = new AbortController()
    const client = leashed(from)
    const stream = await client.chat.completions.create(
      { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], stream: true },
      { signal: caller.signal },
    )
    for await (const _ of stream) caller.abort('enough')
    expect(stream.controller.signal.reason).toBe('enough')
  })

  test('that is aborted while nothing comes ends without an error', async () => {
    const stream = await ask(leashed(upstream(plain, false)))
    const chunks: unknown[] = []
    setTimeout(() => stream.controller.abort(), 20)
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks).toHaveLength(3)
  })

  test('can be read once, or split', async () => {
    const once = await ask(leashed(upstream([...plain, encoder.encode('data: [DONE]\n\n')])))
    for await (const _ of once);
    await expect(all(once)).rejects.toThrow(/consumed stream/)
    const [left, right] = (await ask(leashed(upstream([...plain, encoder.encode('data: [DONE]\n\n')])))).tee()
    expect(await all(left)).toEqual(await all(right))
  })

  test('that its reader takes from the response is not read twice', async () => {
    const { data, response } = await ask(leashed(upstream([...plain, encoder.encode('data: [DONE]\n\n')]))).withResponse()
    const reading = data[Symbol.asyncIterator]()
    expect((await reading.next()).value?.choices[0]?.delta.content).toBe('a')
    expect(response.bodyUsed).toBe(true)
    expect(() => response.body?.getReader()).toThrow(/locked/)
  })
})
