/** How a stream comes back: what is held, what is not, and how it ends. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Result, StreamResult } from '../../../src/core/call.js'
import { Endings, endings } from '../../../src/core/ending.js'
import { LeashError } from '../../../src/core/errors.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { RedactOptions } from '../../../src/middleware/redact/options.js'
import { protocolNamed } from '../../../src/protocols/index.js'
import type { Protocol } from '../../../src/protocols/protocol.js'
import { callOf, drive, framed, read, streamed, unframed, whole } from './drive.js'
import { chatProtocols, speakerOf } from './speakers.js'

const encoder = new TextEncoder()
const asking: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'Mail a.b@acme.com' }] }

async function chat(): Promise<Protocol> {
  const protocol = await protocolNamed('openai-chat')
  if (!protocol) throw new Error('No protocol.')
  return protocol
}

/** One choice's piece of text, as most vendors write it. */
const chunk = (content: string, index = 0) =>
  `data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":${index},"delta":{"content":${JSON.stringify(content)}},"finish_reason":null}],"future":1}\n\n`
const finish = (index = 0) => `data: {"id":"1","choices":[{"index":${index},"delta":{},"finish_reason":"stop"}]}\n\n`
const over = 'data: [DONE]\n\n'

async function open(result: Result, options?: RedactOptions): Promise<StreamResult> {
  const { layer } = await drive(options)
  const back = await layer(async () => result)(callOf(await chat(), asking))
  if (!back.stream) throw new Error('This is no stream.')
  return back
}

async function back(events: readonly string[], cuts?: readonly number[], options?: RedactOptions) {
  return read(await open(streamed(encoder.encode(events.join('')), cuts), options))
}

/** A stream whose pieces are handed out one by one. */
function fed() {
  const pieces: ((read: IteratorResult<Uint8Array>) => void)[] = []
  const state = { left: false }
  const body: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise((resolve) => pieces.push(resolve)),
    async return() {
      state.left = true
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => body,
  }
  return {
    state,
    result: { stream: true, status: 200, headers: new Headers(), body } satisfies StreamResult,
    feed: (text: string) => pieces.shift()?.({ done: false, value: encoder.encode(text) }),
  }
}

const spoken = (bytes: Uint8Array): Record<number, string> => {
  const texts: Record<number, string> = {}
  for (const line of Buffer.from(bytes).toString().split('\n\n')) {
    if (!line.startsWith('data: {')) continue
    for (const { index, delta } of JSON.parse(line.slice(6)).choices ?? [])
      texts[index] = (texts[index] ?? '') + (delta.content ?? '')
  }
  return texts
}

describe('bytes', () => {
  test('are the very same when there is nothing to put back, however they are cut', async () => {
    const events = [
      ': hello\n\n',
      chunk('a < b && c'),
      'id: 7\nevent: x\n',
      chunk('<EM'),
      chunk('B> 100% <EMAIL_9> \\u003cdiv'),
      chunk('<'),
      finish(),
      over,
    ]
    const whole = events.join('')
    for (const cuts of [[whole.length], [1], [7, 3], [100]]) {
      expect((await back(events, cuts)).bytes.toString()).toBe(whole)
    }
  })

  test('that end with an event are handed on as the same array', async () => {
    const bytes = encoder.encode(chunk('hello'))
    const { body } = await open(streamed(bytes))
    const first = await body[Symbol.asyncIterator]().next()
    expect(first.value?.buffer.byteLength).toBe(bytes.byteLength)
    expect(first.value).toEqual(bytes)
  })

  test('with carriage returns, and events without a blank line at the end', async () => {
    for (const lineEnd of ['\r\n', '\r']) {
      const text = `${chunk('x <EMAIL_1>')}`.replaceAll('\n', lineEnd)
      expect(spoken((await back([text, over])).bytes)).toEqual({ 0: 'x a.b@acme.com' })
    }
    expect((await back(['data: {"cut":'])).bytes.toString()).toBe('data: {"cut":')
  })

  test('of an edited event keep what nobody knows', async () => {
    const { bytes } = await back([chunk('to <EMA'), chunk('IL_1>!'), over])
    expect(bytes.toString()).toContain('"future":1')
    expect(spoken(bytes)).toEqual({ 0: 'to a.b@acme.com!' })
  })
})

describe('what is held back', () => {
  test('is nothing that cannot become a placeholder', async () => {
    const { result, feed } = fed()
    const reader = (await open(result)).body[Symbol.asyncIterator]()
    for (const text of ['Hello', ' a < b', ' <div', '>', ' 3 %5 &nbsp', '<EMAIL_2>']) {
      const next = reader.next()
      feed(chunk(text))
      expect(Buffer.from((await next).value ?? []).toString()).toContain(JSON.stringify(text))
    }
  })

  test('goes on as soon as it is decided', async () => {
    const { result, feed } = fed()
    const reader = (await open(result)).body[Symbol.asyncIterator]()
    const next = reader.next()
    for (const text of ['<', 'EMA', 'IL', '_1']) {
      feed(chunk(text))
      await new Promise(setImmediate)
    }
    feed(chunk('> is it'))
    expect(spoken((await next).value)).toEqual({ 0: 'a.b@acme.com is it' })
  })

  test('goes on with the end of its choice, and does not wait for another', async () => {
    const { result, feed } = fed()
    const reader = (await open(result)).body[Symbol.asyncIterator]()
    const next = reader.next()
    feed(chunk('a <EMAIL'))
    await new Promise(setImmediate)
    feed(finish())
    expect(spoken((await next).value)).toEqual({ 0: 'a <EMAIL' })
  })

  test.each([1, 4])('may be as long as a value is, whose pieces have %i characters', async (length) => {
    const { protocol, stream, heardStream } = await speakerOf('openai-chat')
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    const { layer } = await drive({ response: 'drop' })
    const pieces = `It is:\n${privateKey}\nKeep it.`.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []
    const result = await layer(async () => streamed(framed(protocol, stream([{ kind: 'text', pieces }]))))(callOf(protocol, {}))
    const [part] = heardStream(unframed(protocol, (await read(result)).bytes))
    expect(part && 'text' in part && part.text.split(/\s+/)).toEqual(['It', 'is:', 'Keep', 'it.'])
  })

  test('goes on when other events overtake it without end', async () => {
    const others = Array.from({ length: 400 }, () => chunk('x', 1))
    const { result, feed } = fed()
    const reader = (await open(result)).body[Symbol.asyncIterator]()
    const next = reader.next()
    feed(chunk('<', 0) + others.join(''))
    expect(spoken((await next).value)[0]).toBe('<')
  })
})

test('answers side by side do not mix', async () => {
  const events = [
    chunk('<EM', 0),
    chunk('one <EMAIL_', 1),
    chunk('AIL_1> zero', 0),
    chunk('1>', 1),
    finish(0),
    chunk('!', 1),
    finish(1),
    over,
  ]
  expect(spoken((await back(events)).bytes)).toEqual({ 0: 'a.b@acme.com zero', 1: 'one a.b@acme.com!' })
})

test('what waits is decided by its own answer: neither by the end of another, nor by a comment', async () => {
  const waiting = ': keep-alive\n\n'
  const events = [chunk('zero', 0), chunk('one <EMAIL_', 1), finish(0), waiting, chunk('1>', 1), waiting, finish(1), over]
  const { bytes } = await back(events)
  expect(spoken(bytes)).toEqual({ 0: 'zero', 1: 'one a.b@acme.com' })
  expect(String(bytes).split(waiting)).toHaveLength(3)
})

test('arguments of tool calls side by side are put back, and stay JSON', async () => {
  const call = (index: number, text: string) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [{ index, function: { arguments: text } }] } }] })}\n\n`
  const { layer } = await drive({ deny: ['se"cret\n'] })
  const body: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'It is se"cret\n.' }] }
  const events = [
    call(0, '{"a":"<CUS'),
    call(0, 'TOM_1>"}'),
    call(1, '{"b":'),
    call(1, '"\\u003cCUSTOM_1\\u00'),
    call(1, '3e"}'),
    finish(),
    over,
  ]
  const result = await layer(async () => streamed(encoder.encode(events.join('')), [11]))(callOf(await chat(), body))
  const texts = ['', '']
  for (const { data } of unframed(await chat(), (await read(result)).bytes)) {
    if (data === '[DONE]') continue
    for (const { index, function: fn } of JSON.parse(data).choices[0].delta.tool_calls ?? []) texts[index] += fn.arguments
  }
  expect(texts.map((text) => JSON.parse(text))).toEqual([{ a: 'se"cret\n' }, { b: 'se"cret\n' }])
})

const called = (...calls: readonly (readonly [index: number, text: string])[]) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: calls.map(([index, text]) => ({ index, function: { arguments: text } })) } }] })}\n\n`

async function argumentsIn(bytes: Uint8Array): Promise<string[]> {
  const texts = ['', '']
  for (const { data } of unframed(await chat(), bytes)) {
    if (data === '[DONE]') continue
    for (const { index, function: fn } of JSON.parse(data).choices[0].delta.tool_calls ?? []) texts[index] += fn.arguments
  }
  return texts
}

test('arguments of tool calls that take turns are put back in each', async () => {
  const events = [
    called([0, '{"a":"<EM'], [1, '{"b":"<EMA']),
    called([1, 'IL_1>"']),
    called([0, 'AIL_1>"}']),
    called([1, '}']),
    finish(),
    over,
  ]
  expect(await argumentsIn((await back(events)).bytes)).toEqual(['{"a":"a.b@acme.com"}', '{"b":"a.b@acme.com"}'])
})

test('a value with a quote is escaped in arguments, also in a later call of its conversation', async () => {
  const { layer } = await drive({ deny: ['O"Neil'] })
  const said = called([0, '{"to": "']) + called([0, '<CUSTOM_1>']) + called([0, '"}']) + finish() + over
  for (const content of ['Of O"Neil', 'Of him']) {
    const call = callOf(await chat(), { model: 'm', messages: [{ role: 'user', content }] }, { conversation: 'c' })
    const { bytes } = await read(await layer(async () => streamed(encoder.encode(said)))(call))
    expect(JSON.parse((await argumentsIn(bytes))[0] ?? '')).toEqual({ to: 'O"Neil' })
  }
})

test.each([{}, { response: 'mask' }] as const)(
  'arguments that are whole do not hold up those of the next call: %o',
  async (options) => {
    const { result, feed } = fed()
    const reader = (await open(result, options)).body[Symbol.asyncIterator]()
    const next = reader.next()
    feed(called([0, '{"a":"<EMAIL_1>"}']) + called([1, '{"b": "c", ']))
    expect(await argumentsIn((await next).value)).toEqual(['{"a":"a.b@acme.com"}', expect.any(String)])
  },
)

test('what tells that a number is a card may have been let go long before it', async () => {
  const pieces = ['The card of that customer of ours ', 'who has called us today ', 'is ', '1234 5678 ', '9012 3456 ', 'he says.']
  const { bytes } = await back([...pieces.map((piece) => chunk(piece)), finish(), over], [1000], { response: 'drop' })
  expect(spoken(bytes)).toEqual({ 0: 'The card of that customer of ours who has called us today is  he says.' })
})

test('a password is known by its name, though that was let go and nothing in it looks like one', async () => {
  const pieces = ['Set MY_DATABASE_PASSWORD: ', 'correct!horse ', 'at last']
  const { bytes } = await back([...pieces.map((piece) => chunk(piece)), finish(), over], [1000], { response: 'drop' })
  expect(spoken(bytes)).toEqual({ 0: 'Set MY_DATABASE_PASSWORD:  at last' })
})

test('what is only counted is waited for as long as it may come', async () => {
  const { layer, policies } = await drive({
    deny: ['the big secret'],
    response: 'mask',
    entities: { CUSTOM: { request: false, response: 'annotate' } },
  })
  const said = streamed(encoder.encode([chunk('this is the '), chunk('big '), chunk('secret, '), finish(), over].join('')))
  const { bytes } = await read(await layer(async () => said)(callOf(await chat(), asking)))
  expect(spoken(bytes)).toEqual({ 0: 'this is the big secret, ' })
  expect(policies).toContainEqual(expect.objectContaining({ action: 'annotate', found: { CUSTOM: 1 } }))
})

test('a thought that ends as a placeholder begins does not hold up the text that goes on', async () => {
  const delta = (delta: object) => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`
  const { result, feed } = fed()
  const reader = (await open(result)).body[Symbol.asyncIterator]()
  const next = reader.next()
  feed(delta({ content: 'a < b ' }) + delta({ reasoning_content: 'b <EM' }) + delta({ content: 'c' }))
  const { value } = await next
  expect(Buffer.from(value).toString()).toContain('"c"')
})

test('a word of one’s own that stands in a placeholder does not break it', async () => {
  const { layer, policies } = await drive({ deny: ['EMAIL_1'], response: 'mask' })
  const said = streamed(encoder.encode([chunk('To <EMAIL_1> by EMAIL_1 '), finish(), over].join('')))
  const { bytes } = await read(await layer(async () => said)(callOf(await chat(), asking)))
  expect(spoken(bytes)).toEqual({ 0: 'To a.b@acme.com by *****_* ' })
  expect(policies.at(-1)).toMatchObject({ direction: 'response', found: { CUSTOM: 1 } })
})

test.each([1, 3, 100])(
  'what is masked and what is only counted stand side by side, in pieces of %i characters',
  async (length) => {
    const said = 'Ask me@model.ai, see https://example.net/x or you@model.ai!'
    const pieces = said.match(new RegExp(`.{1,${length}}`, 'g')) ?? []
    const { layer, policies } = await drive({ entities: { EMAIL_ADDRESS: { response: 'mask' }, URL: { response: 'annotate' } } })
    const answer = streamed(encoder.encode([...pieces.map((piece) => chunk(piece)), finish(), over].join('')))
    const { bytes } = await read(await layer(async () => answer)(callOf(await chat(), asking)))
    expect(spoken(bytes)).toEqual({ 0: 'Ask **@*****.**, see https://example.net/x or ***@*****.**!' })
    expect(policies.filter(({ direction }) => direction === 'response')).toMatchObject([
      { action: 'redact', found: { EMAIL_ADDRESS: 2 } },
      { action: 'annotate', found: { URL: 1 } },
    ])
  },
)

test.each(['[1] ', '[1, 2] ', '[[1]](https://a.io) ', '- [ ] ', '[ ] ', '[2026-01-02] ', '{name}: '])(
  'a text that begins with "%s" is no JSON, and a value stands in it as it is',
  async (mark) => {
    const { layer } = await drive({ deny: ['se"cret\n'] })
    const asked: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'Of se"cret\n!' }] }
    const said = streamed(encoder.encode(chunk(mark) + chunk('is <CUSTOM_1>!') + finish() + over))
    const { bytes } = await read(await layer(async () => said)(callOf(await chat(), asked)))
    expect(spoken(bytes)).toEqual({ 0: `${mark}is se"cret\n!` })
  },
)

describe('the end', () => {
  test('of a stream that breaks: what was held goes out, then the error', async () => {
    const broken = streamed(encoder.encode(chunk('a') + chunk('b <EMAIL_')), [1000], new Error('reset'))
    const { bytes, error, ending } = await read(await open(broken))
    expect(spoken(bytes)).toEqual({ 0: 'ab <EMAIL_' })
    expect(error).toMatchObject({ message: 'reset' })
    expect(ending).toMatchObject({ code: 'network_error' })
  })

  test('of a stream that breaks: what was held to be looked at has its values again', async () => {
    const broken = streamed(encoder.encode(chunk('to <EMAIL_') + chunk('1> and me@model.ai')), [1000], new Error('reset'))
    const { bytes, error } = await read(await open(broken, { response: 'mask' }))
    expect(spoken(bytes)).toEqual({ 0: 'to a.b@acme.com and **@*****.**' })
    expect(error).toMatchObject({ message: 'reset' })
  })

  test('told before the last bytes have been read: they have their values, and what is found in them is told', async () => {
    const { layer, policies } = await drive({ response: 'mask' })
    const told = new Endings()
    told.end(undefined)
    const source = streamed(encoder.encode(chunk('to <EMAIL_1> and me@model.ai ') + finish() + over)) as StreamResult
    const result = await layer(async () => ({ ...source, body: Object.assign(source.body, { [endings]: told }) }))(
      callOf(await chat(), asking),
    )
    const { bytes } = await read(result)
    expect(spoken(bytes)).toEqual({ 0: 'to a.b@acme.com and **@*****.** ' })
    expect(policies).toMatchObject([{ direction: 'request' }, { direction: 'response', found: { EMAIL_ADDRESS: 1 } }])
  })

  test('told by a mark: what was held goes out with it, though the connection stays open', async () => {
    const { result, feed } = fed()
    const reader = (await open(result)).body[Symbol.asyncIterator]()
    const next = reader.next()
    feed(chunk('a <EM') + over)
    expect(Buffer.from((await next).value).toString()).toBe(chunk('a <EM') + over)
  })

  test('of one that is left when it has broken: nothing more comes, no error either', async () => {
    const broken = streamed(encoder.encode(chunk('a <EM')), [1000], new Error('reset'))
    const reader = (await open(broken)).body[Symbol.asyncIterator]()
    expect(spoken((await reader.next()).value)).toEqual({ 0: 'a <EM' })
    await reader.return?.()
    expect(await reader.next()).toEqual({ done: true, value: undefined })
  })

  test('of one that is left: its source is left too', async () => {
    const { result, feed, state } = fed()
    const stream = await open(result)
    const reader = stream.body[Symbol.asyncIterator]()
    const next = reader.next()
    feed(chunk('a'))
    await next
    await reader.return?.()
    expect(state.left).toBe(true)
    expect(await reader.next()).toEqual({ done: true, value: undefined })
  })

  test('is told once, and after it nothing is known any more', async () => {
    const { bytes, ending } = await back([chunk('<EMAIL_1>'), over])
    expect(spoken(bytes)).toEqual({ 0: 'a.b@acme.com' })
    expect(ending).toBeUndefined()
  })

  test.each(chatProtocols)('of a stream that says what it may not: an error, and the source is left (%s)', async (name) => {
    const { protocol, request, stream } = await speakerOf(name)
    const { layer, policies } = await drive({ response: 'block' })
    const events = stream([{ kind: 'text', pieces: ['Ask me@mo', 'del.ai ', 'now ', 'and ', 'then'] }])
    const state = { left: false }
    const bytes = framed(protocol, events)
    async function* body() {
      try {
        for (let at = 0; at < bytes.length; at += 50) yield bytes.slice(at, at + 50)
      } finally {
        state.left = true
      }
    }
    const body1 = request({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }], maxTokens: 9 })
    const result = await layer(async () => ({ stream: true, status: 200, headers: new Headers(), body: body() }))(
      callOf(protocol, body1),
    )
    const { bytes: told, error, ending } = await read(result)
    expect(error).toBeInstanceOf(LeashError)
    expect(error).toMatchObject({ code: 'policy_blocked' })
    expect(ending).toBe(error)
    expect(told.toString('latin1')).not.toContain('del.ai')
    expect(state.left).toBe(true)
    expect(policies).toMatchObject([{ action: 'block', direction: 'response', found: { EMAIL_ADDRESS: 1 } }])
  })
})

test.each([
  ['in the event', (event: string) => event.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')],
  ['in arguments', (event: string) => event.replaceAll('<', '\\\\u003c').replaceAll('>', '\\\\u003e')],
])('signs of a placeholder may be escaped %s', async (_, written) => {
  const { bytes } = await back([written(chunk('to <EMAIL_1>')), over])
  expect(spoken(bytes)).toEqual({ 0: 'to a.b@acme.com' })
})

test('in a conversation a placeholder comes back whose value was said before, in pieces, and as its text wants it', async () => {
  const { layer } = await drive({ deny: ['say "x"'] })
  const ask = async (content: string, events: readonly string[]) => {
    const call = callOf(await chat(), { model: 'm', messages: [{ role: 'user', content }] }, { conversation: 'c' })
    return spoken((await read(await layer(async () => streamed(encoder.encode(events.join(''))))(call))).bytes)
  }
  await ask('say "x"', [chunk('Hi'), over])
  expect(await ask('And now?', [chunk('To <CUS'), chunk('TOM_1>!'), over])).toEqual({ 0: 'To say "x"!' })
  expect(await ask('In JSON?', [chunk('{"a": "'), chunk('<CUSTOM_1>"}'), over])).toEqual({ 0: '{"a": "say \\"x\\""}' })
})

test('nothing is lost of what a list of Gemini ends with', async () => {
  const { layer } = await drive()
  const part = (text: string) => ({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] })
  const call = callOf((await protocolNamed('gemini')) as Protocol, {
    contents: [{ role: 'user', parts: [{ text: 'Mail a.b@acme.com' }] }],
  })
  const body = [part('<EMAIL_1>'), part('or <EMA')]
  expect(await layer(async () => whole(body))(call)).toMatchObject({ body: [part('a.b@acme.com'), part('or <EMA')] })
})

test('a stream of Gemini that comes as one list is put back too', async () => {
  const protocol = (await protocolNamed('gemini')) as Protocol
  const { layer } = await drive()
  const part = (text: string) => ({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] })
  const body = { contents: [{ role: 'user', parts: [{ text: 'Mail a.b@acme.com' }] }] }
  const result = await layer(async () => ({
    stream: false,
    status: 200,
    headers: new Headers(),
    body: [part('to <EMA'), part('IL_1>'), part(' now')],
  }))(callOf(protocol, body))
  expect(result).toMatchObject({ body: [part('to a.b@acme.com'), part(''), part(' now')] })
})
