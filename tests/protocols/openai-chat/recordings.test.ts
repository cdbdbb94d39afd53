/** Vendors' recorded answers, read a second time by simple code that shares nothing with ours. */
import { describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { collect } from '../../../src/core/events.js'
import type { ChatResponse } from '../../../src/core/message.js'
import { total } from '../../../src/core/usage.js'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { answer, downstream, events, prefixes, type Recording, recording, recordings, upstream } from './kit.js'

const notThisProtocol = /^(cohere-chat|azure-chat-stream)/
const ours = recordings.filter(({ file }) => !notThisProtocol.test(file))
const answers = ours.filter(({ response }) => response.status === 200 && response.body !== undefined)
const refusals = ours.filter(({ response }) => response.status >= 400)
const streams = ours.filter(({ response }) => response.sse !== undefined && !response.sse.includes('"error":{'))

interface Wire {
  content?: string | null
  reasoning?: string | null
  reasoning_content?: string | null
  tool_calls?: { index?: number; id?: string; function: { name?: string; arguments?: string } }[] | null
}

/** What the vendor said, as plainly as it can be read. */
interface Said {
  text: string
  thinking: string
  calls: { id: string; name: string; arguments: string }[]
  finish: string
  total: number | undefined
}

function saidWhole({ response }: Recording): Said {
  const body = response.body as { choices: { message: Wire; finish_reason: string }[]; usage: { total_tokens: number } }
  const { message, finish_reason } = body.choices[0] as { message: Wire; finish_reason: string }
  return {
    text: message.content ?? '',
    thinking: message.reasoning_content ?? message.reasoning ?? '',
    calls: (message.tool_calls ?? []).map(({ id = '', function: { name = '', arguments: given = '' } }) => ({
      id,
      name,
      arguments: given,
    })),
    finish: finish_reason,
    total: body.usage.total_tokens,
  }
}

function saidStreamed({ response }: Recording): Said {
  const said: Said = { text: '', thinking: '', calls: [], finish: '', total: undefined }
  for (const line of (response.sse ?? '').split('\n')) {
    if (!line.startsWith('data: {')) continue
    const chunk = JSON.parse(line.slice(6))
    said.total = chunk.usage?.total_tokens ?? said.total
    for (const { delta, finish_reason } of chunk.choices as { delta: Wire; finish_reason: string | null }[]) {
      said.text += delta.content ?? ''
      said.thinking += delta.reasoning_content ?? delta.reasoning ?? ''
      said.finish = finish_reason ?? said.finish
      for (const { index = 0, id, function: call } of delta.tool_calls ?? []) {
        const known = (said.calls[index] ??= { id: id ?? '', name: call.name ?? '', arguments: '' })
        known.arguments += call.arguments ?? ''
      }
    }
  }
  return said
}

function saidNeutrally({ choices, usage }: ChatResponse): Said {
  const [choice] = choices
  const of = (type: string) => (choice?.content ?? []).filter((part) => part.type === type)
  const text = (type: string) =>
    of(type)
      .map((part) => ('text' in part ? part.text : ''))
      .join('')
  return {
    text: text('text'),
    thinking: text('reasoning'),
    calls: of('tool-call').map((part) => {
      if (part.type !== 'tool-call') throw new Error('not a call')
      return { id: part.id, name: part.name, arguments: part.arguments }
    }),
    finish: (choice?.finishReason ?? '').replace('-', '_'),
    total: usage && total(usage),
  }
}

describe('a recorded answer', () => {
  test('there are enough of them, and of enough vendors', () => {
    const vendors = new Set(ours.map(({ file }) => file.split('-')[0]))
    expect([...vendors]).toEqual(
      expect.arrayContaining([
        'openai',
        'azure',
        'groq',
        'mistral',
        'deepseek',
        'xai',
        'together',
        'openrouter',
        'cerebras',
        'ollama',
        'zai',
      ]),
    )
    expect(answers.length).toBeGreaterThan(10)
    expect(streams.length).toBeGreaterThan(7)
  })

  test.each(answers)('$file: text, thinking, calls, finish and tokens are the vendor’s own', (recorded) => {
    expect(saidNeutrally(answer(recorded.response.body))).toEqual(saidWhole(recorded))
  })

  test.each(streams)('$file: text, thinking, calls, finish and tokens are the vendor’s own', (recorded) => {
    const said = saidStreamed(recorded)
    expect(said.text + said.thinking + said.calls.length + said.finish).not.toBe('')
    expect(saidNeutrally(collect(events(recorded.response.sse ?? '')))).toEqual(said)
  })

  test.each(streams)('$file: reads the same one byte at a time', (recorded) => {
    const text = recorded.response.sse ?? ''
    expect(events(text, 1)).toEqual(events(text))
  })

  test.each(streams)('$file: cut at any byte it fails as truncated, or is whole', (recorded) => {
    const text = recorded.response.sse ?? ''
    const whole = saidNeutrally(collect(events(text)))
    const outcomes = prefixes(text)
    expect(outcomes[0]).toBe('stream_truncated')
    for (const outcome of outcomes) {
      if (typeof outcome === 'string') {
        expect(outcome).toBe('stream_truncated')
        continue
      }
      const said = saidNeutrally(collect(outcome))
      // The usage comes after the finish, and Together tells a finish after the first call of two.
      expect([undefined, whole.total]).toContain(said.total)
      if (recorded.file.startsWith('together')) expect(whole.calls.slice(0, said.calls.length)).toEqual(said.calls)
      else expect({ ...said, total: whole.total }).toEqual(whole)
    }
  })

  test.each(streams)('$file: the tap sees the usage and the end that the decoder sees', (recorded) => {
    const text = recorded.response.sse ?? ''
    const tap = openaiChat.lens.tap()
    for (const event of text.split('\n\n')) {
      const data = event.split('\n').find((line) => line.startsWith('data: '))
      if (data) tap.see({ data: data.slice(6) })
    }
    expect(tap).toMatchObject({ content: true, terminal: true, error: undefined })
    expect(tap.usage).toEqual(collect(events(text)).usage)
  })
})

describe('a recorded refusal', () => {
  test.each(refusals)(
    '$file: keeps the vendor’s status and words, and goes back as it came',
    ({ response: { status, headers, body } }) => {
      const text = JSON.stringify(body)
      const error = openaiChat.decodeError({ status, headers: new Headers(headers), text })
      expect(error).toBeInstanceOf(LeashError)
      expect(error.status).toBe(status)
      expect(error.detail).toBe((body as { error: { message: string } }).error.message)
      expect(error.code).toBe({ 400: 'invalid_request', 404: 'not_found', 429: 'rate_limited' }[status])
      expect(error.retryable).toBe(status === 429)
      expect(openaiChat.encodeError(error)).toEqual({ status, body })
    },
  )

  test('an error inside a stream ends the stream with what the vendor said', () => {
    const text = recording('groq-chat-stream').response.sse ?? ''
    expect(() => events(text)).toThrow(/^\[invalid_request\] Tool choice is required, but model did not call a tool$/)
    for (const outcome of prefixes(text)) expect(['stream_truncated', 'invalid_request']).toContain(outcome)
  })

  test('the tap records the same error, and that content came before it', () => {
    const tap = openaiChat.lens.tap()
    for (const block of (recording('groq-chat-stream').response.sse ?? '').split('\n\n')) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      const event = /^event: (.*)$/m.exec(block)?.[1]
      if (data) tap.see(event === undefined ? { data } : { event, data })
    }
    expect(tap).toMatchObject({
      content: true,
      terminal: false,
      error: { code: 'invalid_request', status: 400, retryable: false },
    })
  })
})

describe('what is not of this protocol', () => {
  test('an answer of Cohere’s native API is not taken for an empty one', () => {
    expect(() => answer(recording('cohere-chat-json').response.body)).toThrow(/upstream_malformed.*without any choice/)
  })

  test('nor is its stream', () => {
    expect(() => events(recording('cohere-chat-stream').response.sse ?? '')).toThrow('upstream_malformed')
  })

  test('nor a stream of the Responses API', () => {
    expect(() => events(recording('azure-chat-stream').response.sse ?? '')).toThrow('upstream_malformed')
  })
})

describe('a recorded request', () => {
  const requests = ours.flatMap(({ file, request: { url, body } }) => (body ? [{ file, url, body }] : []))

  test.each(requests)('$file: is one of this protocol, with its model and kind', ({ url, body }) => {
    const path = new URL(url).pathname
    expect(openaiChat.match(path, body)).toEqual({ model: body.model, stream: body.stream === true })
  })

  test.each(requests)('$file: written again, it asks for the same', ({ body }) => {
    const losses: string[] = []
    const request = downstream.decodeRequest(body, (path) => losses.push(path))
    const again = upstream.encodeRequest(request, {
      model: String(body.model),
      stream: body.stream === true,
      traits: {},
      lose: (path) => losses.push(path),
    })
    const gone = new Set(losses.map((path) => path.split(/[.[]/)[0]))
    for (const [name, value] of Object.entries(body)) {
      if (value === null || value === false || name === 'messages' || gone.has(name)) continue
      if (name === 'thinking') continue
      expect(again, name).toHaveProperty(name, value)
    }
    expect((again.messages as { content?: unknown }[]).map(({ content }) => content ?? null).length).toBe(
      (body.messages as unknown[]).length,
    )
  })
})
