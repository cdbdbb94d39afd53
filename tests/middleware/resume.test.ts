/** Through the whole leash, over sockets. */
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../src/index.js'
import type { Leash, LeashOptions } from '../../src/leash.js'
import { until, useMock } from '../helpers/mock.js'
import { doors, send } from './asks.js'
import { useHonest } from './resume/honest.js'
import * as kit from './resume/kit.js'
import { bytesOf, decode, failure, nameOf, pieces, read, spoken, textIn, whole } from './resume/kit.js'

const vendor = useHonest()
const mock = useMock()
const open = (options?: LeashOptions) => kit.open(vendor.url, options)
const ask = (leash: Leash, body?: object) => kit.ask(leash, vendor.url, body)

/** The two may be asked on either side of a second. */
const timeless = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/"created(?:_at)?":\d+/g, '')

describe.each(doors)('by %s', (door) => {
  describe.each(spoken)('$protocol', ({ protocol, request }) => {
    const name = nameOf(protocol)
    const ask = (leash: Leash) => send(leash, door, vendor.url, request('Tell me of the fox.', true))

    test('a stream that nothing happens to stays what it is, byte for byte', async () => {
      vendor.model.pieces = pieces
      const without = await bytesOf(await ask(open({ resume: false }).leash))
      vendor.forget()
      const { leash, reports } = open()
      const bytes = await bytesOf(await ask(leash))
      expect(timeless(bytes)).toBe(timeless(without))
      expect(reports).toMatchObject([{ ended: true, moves: [], attempts: [{ outcome: 'ok' }] }])
    })

    test('cut after any event, it comes to the same text', async () => {
      vendor.model.pieces = pieces
      const all = (await decode(name, await bytesOf(await ask(open().leash)))).wire.length
      for (let cut = 0; cut <= all + 3; cut++) {
        vendor.forget()
        vendor.script({ cut })
        const { leash, reports } = open({ retry: { backoff: () => 0 } })
        const { answer } = await decode(name, await bytesOf(await ask(leash)))
        expect(textIn(answer), `cut after ${cut} events`).toBe(whole)
        expect(answer.choices[0]?.finishReason).toBe('stop')
        expect(reports[0]?.ended).toBe(true)
      }
    })
  })
})

describe('a stream dies', () => {
  test.each([
    ['by a reset', { cut: 6 }, {}, 'network_error'],
    ['in the middle of an event', { cut: 6, torn: 30 }, {}, 'network_error'],
    ['by an end before its end', { end: 6 }, {}, 'stream_truncated'],
    ['in silence', { hang: 6 }, { timeouts: { idleMs: 300 } }, 'timeout'],
    ['by a failure that its vendor tells', { fail: 6 }, {}, 'overloaded'],
    ['by such a failure, and the connection stays', { fail: 6, open: true }, {}, 'overloaded'],
    ['in small pieces', { fail: 6, chunk: 3 }, {}, 'overloaded'],
  ])('%s, and goes on', async (_, fault, options, because) => {
    vendor.model.pieces = pieces
    vendor.script(fault)
    const { leash, reports } = open(options)
    expect(await read(await ask(leash))).toBe(whole)
    expect(reports).toMatchObject([
      {
        moves: [{ from: expect.stringContaining('openai/gpt-4.1'), because, resumed: 'continued' }],
        attempts: [{ outcome: 'error', error: because }, { outcome: 'ok' }],
        ended: true,
      },
    ])
  })

  test.each(spoken.filter(({ protocol }) => /^(openai-chat|gemini)$/.test(protocol)))(
    'when all but its end was told, and is ended without asking anybody: $protocol',
    async ({ protocol, request }) => {
      vendor.model.pieces = pieces
      const ask = async (leash: Leash) =>
        decode(nameOf(protocol), await bytesOf(await send(leash, 'fetch', vendor.url, request('x', true))))
      const undisturbed = await ask(open().leash)
      // `[DONE]` is no event of the answer.
      const all = undisturbed.wire.length - (protocol === 'gemini' ? 0 : 1)
      vendor.forget()
      vendor.script({ fail: all, open: true })
      const { leash, reports } = open()
      const { answer, wire } = await ask(leash)
      if (protocol === 'openai-chat') expect(wire.at(-1)?.data).toBe('[DONE]')
      // The vendor would keep the connection.
      await until(() => vendor.left() === 1)
      expect(textIn(answer)).toBe(whole)
      expect(answer.choices[0]?.finishReason).toBe('stop')
      expect(answer.usage).toEqual(undisturbed.answer.usage)
      expect(vendor.served).toHaveLength(1)
      expect(reports).toMatchObject([{ moves: [], attempts: [{ outcome: 'error', error: 'overloaded' }], ended: true }])
    },
  )

  test('twice, and goes on; the third time it is over', async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 }, { end: 18 })
    expect(await read(await ask(open().leash))).toBe(whole)
    vendor.forget()
    vendor.script({ end: 6 }, { end: 18 }, { end: 18 })
    const { leash, reports } = open()
    expect(await failure(read(await ask(leash)))).toBeInstanceOf(Error)
    expect(vendor.served).toHaveLength(3)
    expect(reports).toMatchObject([{ ended: true, attempts: [{}, {}, { outcome: 'error' }] }])
  })

  test('and was longer than may be kept: it ends there', async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 })
    const { leash, reports } = open({ resume: { maxBufferBytes: 300 } })
    expect(await failure(read(await ask(leash)))).toBeInstanceOf(Error)
    expect(reports).toMatchObject([{ ended: true, moves: [], attempts: [{ error: 'stream_truncated' }] }])
  })

  test('and nobody asked for more', async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 })
    const { leash } = open({ resume: false })
    expect(await failure(read(await ask(leash)))).toBeInstanceOf(Error)
    expect(vendor.served).toHaveLength(1)
  })

  test('and nobody can go on: its own failure is what the caller gets', async () => {
    vendor.model.pieces = pieces
    vendor.script({ fail: 6 })
    const without = await bytesOf(await ask(open({ resume: false }).leash))
    vendor.script({ fail: 6 }, { status: 500 })
    const { leash, reports } = open()
    const bytes = await bytesOf(await ask(leash))
    const id = /answer-\d+/g
    expect(Buffer.from(bytes).toString().replace(id, '')).toBe(Buffer.from(without).toString().replace(id, ''))
    expect(reports[0]?.attempts).toMatchObject([{ error: 'overloaded' }, { status: 500 }])
  })
})

describe('who goes on', () => {
  const fallback = ['anthropic/claude-haiku-4-5']

  test('the same target; it is told to, where it does not continue a message', async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 })
    await read(await ask(open({ fallback }).leash, { max_completion_tokens: 100 }))
    const { messages, max_completion_tokens } = vendor.served[1]?.body ?? {}
    expect(messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'The quick brown fox jumps' },
      { role: 'user', content: expect.stringContaining('<last-words>The quick brown fox jumps</last-words>') },
    ])
    expect(max_completion_tokens).toBeLessThan(100)
  })

  test('the next one, where the same does not answer; it continues the message, where it can', async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 }, { status: 500 })
    const { leash, reports } = open({ fallback })
    expect(await read(await ask(leash))).toBe(whole)
    expect(vendor.served.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/chat/completions', '/v1/messages'])
    expect(vendor.served[2]?.body.messages).toMatchObject([{ role: 'user' }, { role: 'assistant' }])
    expect(reports).toMatchObject([
      {
        provider: 'anthropic',
        moves: [
          { because: 'stream_truncated', resumed: 'continued' },
          { to: 'anthropic/claude-haiku-4-5', because: 'upstream_error' },
        ],
      },
    ])
  })

  test('the target that had answered, which need not be the first', async () => {
    vendor.model.pieces = pieces
    vendor.script({ status: 500 }, { end: 8 })
    expect(await read(await ask(open({ fallback }).leash))).toBe(whole)
    expect(vendor.served.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/messages', '/v1/messages'])
  })

  test('a model that is to think first is told to, and its new thinking is not shown', async () => {
    const thinking = { type: 'reasoning', text: 'Foxes!', signature: { format: 'anthropic-claude-v1', value: 'sig' } } as const
    Object.assign(vendor.model, { pieces, before: [thinking] })
    const { leash } = open()
    const request = {
      path: '/v1/messages',
      body: {
        model: 'claude-haiku-4-5',
        max_tokens: 4000,
        stream: true,
        thinking: { type: 'enabled', budget_tokens: 1024 },
        messages: [{ role: 'user', content: 'Tell me of the fox.' }],
      },
    }
    const all = (await decode('anthropic-messages', await bytesOf(await send(leash, 'fetch', vendor.url, request)))).wire.length
    const ends: string[] = []
    for (let cut = 3; cut < all; cut++) {
      vendor.forget()
      vendor.script({ end: cut })
      const response = await failure(send(open().leash, 'fetch', vendor.url, request).then(bytesOf))
      if (response instanceof Error) ends.push('died')
    }
    // While it was thinking.
    expect(ends).toHaveLength(2)
    vendor.forget()
    vendor.script({ end: 9 })
    const { answer } = await decode('anthropic-messages', await bytesOf(await send(leash, 'fetch', vendor.url, request)))
    expect(answer.choices[0]?.content).toEqual([thinking, { type: 'text', text: whole }])
    expect(vendor.served[1]?.body).toMatchObject({ max_tokens: 4000, messages: [{}, { role: 'assistant' }, { role: 'user' }] })
  })

  test("a try that fails is made again with the request for the rest, and not with what the caller's SDK would make anew", async () => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 }, { status: 500 })
    const openai = new LeashLLM({
      apiKey: 'mock',
      baseURL: `${vendor.url}/v1`,
      maxRetries: 1,
      resume: true,
      retry: { backoff: () => 0 },
    })
    const stream = await openai.chat.completions.create({
      model: 'gpt-4.1',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe(whole)
    expect(vendor.served[2]?.body).toEqual(vendor.served[1]?.body)
  })
})

describe('what was told cannot be gone on with', () => {
  const schema = { type: 'json_schema', json_schema: { name: 'fox', schema: { type: 'object' } } }

  test.each([
    ['several answers', { n: 2 }],
    ['an answer that is held to a schema', { response_format: schema }],
    ['probabilities of tokens', { logprobs: true }],
  ])('%s', async (_, body) => {
    vendor.model.pieces = pieces
    vendor.script({ end: 6 })
    expect(await failure(read(await ask(open().leash, body)))).toBeInstanceOf(Error)
    expect(vendor.served).toHaveLength(1)
  })

  const textBlock = [
    { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'The quick brown ' } },
  ]
  const searched = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }
  const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', content: [], stop_reason: null }
  const chunk = (...choices: object[]) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4.1',
    choices,
  })
  const content = (...parts: object[]) => ({ candidates: [{ index: 0, content: { role: 'model', parts } }] })
  test.each<[string, string, object[]]>([
    [
      "a vendor's own tool",
      'anthropic-messages',
      [
        { type: 'message_start', message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } },
        { type: 'content_block_start', index: 0, content_block: searched },
        { type: 'content_block_stop', index: 0 },
        { type: 'content_block_start', index: 1, content_block: found },
        { type: 'content_block_stop', index: 1 },
        ...textBlock,
      ],
    ],
    [
      "a vendor's own tool that is under way",
      'openai-responses',
      [
        { type: 'response.created', response: { id: 'resp_1', model: 'gpt-5', output: [] } },
        { type: 'response.output_item.added', output_index: 0, item: { id: 'msg_1', type: 'message', content: [] } },
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'The quick brown ' },
        { type: 'response.output_item.added', output_index: 1, item: { id: 'ws_1', type: 'web_search_call' } },
      ],
    ],
    [
      "code that ran at the vendor's",
      'gemini',
      [content({ executableCode: { language: 'PYTHON', code: '1' } }), content({ text: 'The quick brown ' })],
    ],
    [
      'an image',
      'gemini',
      [content({ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }), content({ text: 'The quick brown ' })],
    ],
    ['a refusal', 'openai-chat', [chunk({ index: 0, delta: { role: 'assistant', refusal: 'I cannot ' }, finish_reason: null })]],
    [
      'several answers that nobody asked for',
      'openai-chat',
      [chunk(...[0, 1].map((index) => ({ index, delta: { role: 'assistant', content: 'The quick ' }, finish_reason: null })))],
    ],
  ])('%s', async (_, name, events) => {
    const body = events
      .map((event) => `${'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
      .join('')
    mock.script({ status: 200, headers: { 'content-type': 'text/event-stream' }, body })
    const asked = spoken.find(({ protocol }) => protocol === name)?.request('Tell me.', true)
    if (!asked) throw new Error('Nobody speaks so.')
    const { leash, reports } = kit.open(mock.url, { resume: { restart: true } })
    const died = await failure(send(leash, 'fetch', mock.url, asked).then(bytesOf))
    expect(died).toMatchObject({ code: 'stream_truncated' })
    expect(mock.requests).toHaveLength(1)
    expect(reports).toMatchObject([{ moves: [], attempts: [{ error: 'stream_truncated' }], ended: true }])
  })

  test.each(spoken)(
    'a tool call that has begun, in $protocol: its arguments are of one answer, or of none',
    async ({ protocol, request }) => {
      const name = nameOf(protocol)
      const call = { type: 'tool-call', id: 'call_1', name: 'find', arguments: '{"animal":"fox","where":"den"}' } as const
      Object.assign(vendor.model, { pieces: ['Let ', 'me ', 'look.'], after: [call] })
      const { wire } = await decode(name, await bytesOf(await send(open().leash, 'fetch', vendor.url, request('Find it.', true))))
      let died = 0
      for (let cut = 1; cut < wire.length; cut++) {
        vendor.forget()
        vendor.script({ end: cut })
        const { leash } = open({ retry: { backoff: () => 0 }, resume: { restart: true } })
        const response = await send(leash, 'fetch', vendor.url, request('Find it.', true))
        const told = await bytesOf(response)
          .then((bytes) => decode(name, bytes))
          .catch(() => undefined)
        const calls = told?.answer.choices[0]?.content.filter((part) => part.type === 'tool-call')
        if (calls) expect(calls.map(({ arguments: args }) => JSON.parse(args))).toEqual([{ animal: 'fox', where: 'den' }])
        else died++
      }
      if (name !== 'gemini') expect(died).toBeGreaterThan(0)
    },
  )
})
