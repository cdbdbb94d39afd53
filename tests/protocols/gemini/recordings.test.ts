import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/core/events.js'
import { asArray, asNumber, asObject } from '../../../src/core/json.js'
import type { ChatResponse } from '../../../src/core/message.js'
import { total } from '../../../src/core/usage.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import { bytesOf, decodeContext, decodeStream } from '../../helpers/decode.js'
import { decode, type Recording, recording, recordings, sseOf } from './support.js'

const streams = recordings.filter(({ response }) => response.sse !== undefined)
const answers = recordings.filter(({ response }) => response.body !== undefined && response.status === 200)
const failures = recordings.filter(({ response }) => response.status !== 200)

function answerOf({ response }: Recording): ChatResponse {
  if (response.body) return gemini.upstream.decodeResponse(response.body, decodeContext())
  return collect(decodeStream(gemini, bytesOf(response.sse ?? '')))
}

it('holds every kind of recording', () => {
  expect([streams.length, answers.length, failures.length]).toEqual([7, 8, 2])
})

describe.each([...answers, ...streams])('$file', (recorded) => {
  it('is recognised by its address', () => {
    const { pathname } = new URL(recorded.request.url)
    const call = gemini.match(pathname, recorded.request.body)
    expect(call).toMatchObject({ model: expect.stringMatching(/^gemini-/), stream: recorded.response.sse !== undefined })
  })

  it('decodes to an answer with a reason, an id, a model and disjoint usage that sums to the total Google counts', () => {
    const answer = answerOf(recorded)
    expect(answer.id).toMatch(/^[\w-]{20,}$/)
    expect(answer.model).toMatch(/^gemini-/)
    expect(answer.choices).toHaveLength(1)
    expect(answer.choices[0]?.finishReason).not.toBe('other')
    const { usageMetadata } = recorded.response.body ?? lastChunk(recorded)
    const counted = asNumber(asObject(usageMetadata).totalTokenCount)
    expect(answer.usage && total(answer.usage)).toBe(counted)
  })

  it('has a request that a caller may send to another vendor', () => {
    const { request } = decode(recorded.request.body)
    expect(request.messages.length).toBeGreaterThan(0)
    expect(request.messages.every(({ content }) => content.length > 0)).toBe(true)
  })
})

function lastChunk({ response }: Recording): Record<string, unknown> {
  const lines = (response.sse ?? '').split('\n').filter((line) => line.startsWith('data: '))
  return asObject(JSON.parse(lines.at(-1)?.slice(6) ?? ''))
}

describe.each(streams)('the stream $file', ({ response }) => {
  const bytes = bytesOf(response.sse ?? '')

  it('decodes the same one byte at a time', () => {
    expect(decodeStream(gemini, bytes, { size: 1 })).toEqual(decodeStream(gemini, bytes))
  })

  it('keeps one part open at a time, and counts the parts up', () => {
    let open: number | undefined
    let last = -1
    for (const event of decodeStream(gemini, bytes)) {
      if (event.type === 'part-start') {
        expect(open).toBeUndefined()
        expect(event.index).toBe(last + 1)
        last = open = event.index
      } else if (event.type === 'part-delta') expect(event.index).toBe(open)
      else if (event.type === 'part-end') {
        expect(event.index).toBe(open)
        open = undefined
      } else if (event.type === 'finish') expect(open).toBeUndefined()
    }
  })

  it('is truncated at every byte where the last event did not finish the answer', () => {
    const short = bytes.length < 6000
    const lengths = short ? Array.from(bytes.keys()) : aroundEvents(bytes)
    const ends = lengths.map((length) => (isFinished(bytes.subarray(0, length)) ? 'complete' : 'stream_truncated'))
    expect(lengths.map((length) => endOf(bytes.subarray(0, length)))).toEqual(ends)
    expect(ends.filter((end) => end === 'stream_truncated').length).toBeGreaterThan(lengths.length / 2)
  })
})

/** The lengths around the end of each line: a long stream cut at every byte takes too long. */
function aroundEvents(bytes: Uint8Array): number[] {
  const lengths = [0, 1, 7]
  for (const [at, byte] of bytes.entries()) if (byte === 10) lengths.push(at - 1, at, at + 1, at + 2)
  return lengths.filter((length) => length < bytes.length)
}

/** A carriage return ends a line of server-sent events as well as a line feed does. */
function isFinished(prefix: Uint8Array): boolean {
  const events = new TextDecoder().decode(prefix).split(/\r\n(?:\r\n?)/)
  return events.slice(0, -1).at(-1)?.includes('"finishReason"') ?? false
}

function endOf(prefix: Uint8Array): string {
  try {
    return decodeStream(gemini, prefix).at(-1)?.type === 'end' ? 'complete' : 'without an end'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe('what the recordings say', () => {
  it('reads thinking apart from the answer, and binds the signature to the text that carries it', () => {
    const { choices, usage } = collect(decodeStream(gemini, bytesOf(sseOf('thinking-part-iter'))))
    const [thinking, signed, rest] = choices[0]?.content ?? []
    expect(thinking).toMatchObject({ type: 'reasoning', text: expect.stringContaining('**Crafting Safe Instructions**') })
    expect(signed).toMatchObject({ type: 'text', signature: { format: 'google-gemini-v1' } })
    expect(signed).toMatchObject({ text: expect.stringMatching(/^This is a great question!.*step-by-step$/) })
    expect(rest).toMatchObject({ type: 'text', text: expect.stringMatching(/^ guide that is widely/) })
    expect(rest).not.toHaveProperty('signature')
    expect(usage).toMatchObject({ input: 34, output: 469, reasoning: 787 })
  })

  it('reads arguments that Vertex AI streams member by member', () => {
    const { choices } = collect(decodeStream(gemini, bytesOf(sseOf('partial-function-calling'))))
    expect(choices[0]).toMatchObject({
      finishReason: 'tool-calls',
      content: [{ type: 'tool-call', name: 'getCurrentWeather', signature: { format: 'google-gemini-v1' } }],
    })
    const [call] = choices[0]?.content ?? []
    expect(call?.type === 'tool-call' && JSON.parse(call.arguments)).toEqual({
      country: 'USA',
      location: 'NewYorkCity',
      purpose: 'to know what to wear today',
      unit: 'C',
    })
  })

  it('knows that a tool which Google ran by itself waits for nobody', () => {
    const context = decodeContext()
    const lost: string[] = []
    const events = decodeStream(gemini, bytesOf(sseOf('server-side')), {
      context: { ...context, lose: (path) => lost.push(path) },
    })
    const [choice] = collect(events).choices
    expect(choice?.finishReason).toBe('stop')
    expect(choice?.content.map(({ type }) => type)).toEqual(['tool-call', 'text'])
    expect(lost).toEqual(['functionResponse'])
  })

  it('counts what a tool of Google read, and what came from the cache', () => {
    const { usage } = collect(decodeStream(gemini, bytesOf(sseOf('server-side'))))
    expect(usage).toMatchObject({ input: 1844 + 1934 - 901, cacheRead: 901, output: 432, reasoning: 91 })
  })

  it('cites the page that Google fetched, at the words that rest on it', () => {
    const { choices } = collect(decodeStream(gemini, bytesOf(sseOf('web-fetch-tool'))))
    expect(choices[0]?.content).toEqual([
      {
        type: 'text',
        text: 'Pydantic AI Gateway is now available!',
        citations: [{ url: 'https://ai.pydantic.dev', title: 'Pydantic AI', start: 0, end: 37 }],
      },
    ])
  })

  it('leaves out what Google searched, keeps the answer and its empty signed part', () => {
    const lost: string[] = []
    const context = decodeContext({ lose: (path, action) => lost.push(`${action} ${path}`) })
    const { choices } = collect(decodeStream(gemini, bytesOf(sseOf('builtin-tools-stream')), { context }))
    const [answer, end] = choices[0]?.content ?? []
    expect(answer?.type === 'text' && JSON.parse(answer.text)).toEqual({ city: 'Mexico City', country: 'Mexico' })
    expect(answer?.type === 'text' && asArray(answer.citations).length).toBeGreaterThan(0)
    expect(end).toMatchObject({ type: 'text', text: '', signature: { format: 'google-gemini-v1' } })
    expect(lost).toEqual(['dropped parts', 'dropped parts'])
  })

  it('takes a prompt that was blocked for a filtered answer without content', () => {
    const answer = answerOf(recording('model-armor'))
    expect(answer.choices).toEqual([{ content: [], finishReason: 'content-filter' }])
    expect(answer.usage).toBeUndefined()
  })

  it.each([
    ['safety-settings', 'content-filter'],
    ['should-return-th', 'length'],
    ['vertex-ai-with-config-stream', 'length'],
    ['ml-dev-will-give-fu', 'tool-calls'],
    ['validated-accepts', 'stop'],
  ])('%s ends with %s', (words, reason) => {
    expect(answerOf(recording(words)).choices[0]?.finishReason).toBe(reason)
  })

  it.each(failures)('$file is not found', ({ response }) => {
    const error = gemini.decodeError({ status: response.status, headers: new Headers(), text: JSON.stringify(response.body) })
    expect(error).toMatchObject({ code: 'not_found', status: 404, retryable: false })
    expect(error.detail).toContain('is not found for API version v1beta')
  })
})
