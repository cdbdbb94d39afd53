import { describe, expect, test } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { replay, type StreamEvent } from '../../../src/core/events.js'
import type { AssistantPart } from '../../../src/core/message.js'
import { answer, downstream, wire } from './helpers.js'

const start: StreamEvent = { type: 'start', id: 'resp_1', model: 'm' }
const ending: StreamEvent[] = [{ type: 'finish', choice: 0, reason: 'stop' }, { type: 'end' }]

const open = (index: number, part: AssistantPart, choice = 0): StreamEvent => ({ type: 'part-start', choice, index, part })
const grow = (index: number, delta: string, choice = 0): StreamEvent => ({ type: 'part-delta', choice, index, delta })
const end = (index: number, choice = 0): StreamEvent => ({ type: 'part-end', choice, index })
const text: AssistantPart = { type: 'text', text: '' }

/** The payloads of a stream that is made of these events. */
const told = (...events: StreamEvent[]) => wire([start, ...events, ...ending]).map(({ data }) => JSON.parse(data))

describe('items of a stream', () => {
  test('another choice than the first has no place in a response', () => {
    const events = told(open(0, text), grow(0, 'one'), open(0, text, 1), grow(0, 'two', 1), end(0, 1), end(0))
    expect(JSON.stringify(events)).not.toContain('two')
    expect(events.at(-1).response.output).toMatchObject([{ content: [{ text: 'one' }] }])
  })

  test('one reasoning item has room for one signature, and each item has an id of its own', () => {
    const signature = { format: 'openai-responses-v1', value: 'gAAA' } as const
    const parts: AssistantPart[] = [
      { type: 'reasoning', id: 'rs_1', text: 'a', summary: true },
      { type: 'reasoning', id: 'rs_1', text: 'b', summary: true, signature },
      { type: 'reasoning', id: 'rs_1', text: 'c', summary: true, signature: { ...signature, value: 'gBBB' } },
    ]
    const { output } = downstream.encodeResponse(answer(parts), { messages: [] }) as { output: { id: string }[] }
    expect(output).toMatchObject([
      { id: 'rs_1', summary: [{ text: 'a' }, { text: 'b' }], encrypted_content: 'gAAA' },
      { summary: [{ text: 'c' }], encrypted_content: 'gBBB' },
    ])
    expect(new Set(output.map(({ id }) => id)).size).toBe(2)
  })

  test('logprobs stay with their own text, however late or early they come', () => {
    const logprobs = (token: string): StreamEvent => ({ type: 'logprobs', choice: 0, tokens: [{ token, logprob: -1 }] })
    const events = told(
      logprobs('early'),
      open(0, text),
      grow(0, 'first'),
      end(0),
      logprobs('late'),
      open(1, text),
      logprobs('now'),
      grow(1, 'second'),
      end(1),
    )
    const deltas = events.filter(({ type }) => type === 'response.output_text.delta')
    expect(deltas.map(({ logprobs }) => logprobs.map(({ token }: { token: string }) => token))).toEqual([['early'], ['now']])
    expect(events.at(-1).response.output[0].content).toMatchObject([
      { logprobs: [{ token: 'early' }, { token: 'late' }] },
      { logprobs: [{ token: 'now' }] },
    ])
  })

  test("citations in chat completions' words are written anew", () => {
    const raw = { type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 } }
    const part: AssistantPart = {
      type: 'text',
      text: 'abc',
      citations: [{ url: 'https://a.example', title: 'A', start: 0, end: 1, raw }],
    }
    expect(downstream.encodeResponse(answer([part]), { messages: [] })).toMatchObject({
      output: [
        {
          content: [
            { annotations: [{ type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 }] },
          ],
        },
      ],
    })
  })

  test('what the API has no word for is left out, and its deltas go nowhere', () => {
    const audio: AssistantPart = { type: 'audio', source: { kind: 'base64', data: '', mediaType: 'audio/wav' } }
    const events = told(open(0, text), grow(0, 'hi'), end(0), open(1, audio), grow(1, 'AAAA'), end(1))
    expect(events.at(-1).response.output).toMatchObject([{ content: [{ text: 'hi' }] }])
    expect(JSON.stringify(events)).not.toContain('AAAA')
  })
})

describe('what is told while an answer grows', () => {
  /** The events that are no items of the response as a whole, in few words. */
  const brief = (events: { type: string; delta?: string; text?: string; refusal?: string; part?: unknown }[]) =>
    events
      .filter(({ type }) => /refusal|reasoning|content_part|text/.test(type))
      .map(({ type, delta, text, refusal }) => [type.slice(9), delta ?? text ?? refusal])

  test('a refusal by its pieces, and whole at its end', () => {
    const events = told(open(0, { type: 'refusal', text: '' }), grow(0, 'I '), grow(0, 'cannot.'), end(0))
    expect(brief(events)).toEqual([
      ['content_part.added', undefined],
      ['refusal.delta', 'I '],
      ['refusal.delta', 'cannot.'],
      ['refusal.done', 'I cannot.'],
      ['content_part.done', undefined],
    ])
    expect(events.at(-1).response.output[0].content).toEqual([{ type: 'refusal', refusal: 'I cannot.' }])
  })

  test('a summary of thoughts by its pieces, and whole at its end', () => {
    const events = told(open(0, { type: 'reasoning', id: 'rs_1', text: '', summary: true }), grow(0, 'Hm'), grow(0, '.'), end(0))
    expect(brief(events)).toEqual([
      ['reasoning_summary_part.added', undefined],
      ['reasoning_summary_text.delta', 'Hm'],
      ['reasoning_summary_text.delta', '.'],
      ['reasoning_summary_text.done', 'Hm.'],
      ['reasoning_summary_part.done', undefined],
    ])
    const done = events.find(({ type }) => type === 'response.reasoning_summary_part.done')
    expect(done).toMatchObject({
      item_id: 'rs_1',
      output_index: 0,
      summary_index: 0,
      part: { type: 'summary_text', text: 'Hm.' },
    })
  })

  test('an image as an item of its own, which ends the message before it', () => {
    const image: AssistantPart = { type: 'image', source: { kind: 'base64', data: 'iVBORw', mediaType: 'image/png' } }
    const events = told(open(0, text), grow(0, 'See:'), end(0), open(1, image), end(1))
    const items = events.filter(({ type }) => type.startsWith('response.output_item.'))
    expect(items).toMatchObject([
      { type: 'response.output_item.added', output_index: 0 },
      { type: 'response.output_item.done', output_index: 0, item: { type: 'message' } },
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { id: 'ig_1_1', type: 'image_generation_call', status: 'in_progress', result: null },
      },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: { id: 'ig_1_1', type: 'image_generation_call', status: 'completed', result: 'iVBORw' },
      },
    ])
  })

  test('nothing of an image at an address, and nothing of sound', () => {
    const image: AssistantPart = { type: 'image', source: { kind: 'url', url: 'https://a.example/cat.png' } }
    const sound: AssistantPart = { type: 'audio', source: { kind: 'base64', data: 'T2dn', mediaType: 'audio/ogg' } }
    const events = told(
      open(0, text),
      grow(0, 'a'),
      end(0),
      open(1, image),
      end(1),
      open(2, sound),
      end(2),
      open(3, text),
      grow(3, 'b'),
      end(3),
    )
    expect(events.at(-1).response.output).toMatchObject([{ content: [{ text: 'a' }] }, { content: [{ text: 'b' }] }])
  })

  test('that an answer is incomplete which ended without a reason', () => {
    const [last] = wire([start, open(0, text), grow(0, 'half'), { type: 'end' }]).slice(-1)
    expect([last?.event, JSON.parse(last?.data ?? '').response.output[0].status]).toEqual(['response.incomplete', 'incomplete'])
  })
})

describe('a stream that fails', () => {
  const broken = new LeashError('stream_truncated', 'It broke off.', { retryable: true })

  test('says so twice: as an error, and as a failed response with what there is', () => {
    const encoder = downstream.encodeStream({ messages: [] })
    for (const event of [start, open(0, text), grow(0, 'half')]) encoder.push(event)
    const failed = encoder.fail(broken).map(({ event, data }) => [event, JSON.parse(data)])
    expect(failed).toMatchObject([
      [
        'error',
        {
          type: 'error',
          code: 'stream_truncated',
          error: { code: 'stream_truncated', message: '[stream_truncated] It broke off.' },
        },
      ],
      [
        'response.failed',
        { response: { status: 'failed', error: { code: 'server_error' }, output: [{ content: [{ text: 'half' }] }] } },
      ],
    ])
    expect(failed[1]?.[1].sequence_number).toBe(failed[0]?.[1].sequence_number + 1)
  })

  test("names a limit on the rate in OpenAI's word", () => {
    const encoder = downstream.encodeStream({ messages: [] })
    encoder.push(start)
    const [, failed] = encoder.fail(new LeashError('rate_limited', 'Too many.', {})).map(({ data }) => JSON.parse(data))
    expect(failed.response.error).toEqual({ code: 'rate_limit_exceeded', message: '[rate_limited] Too many.' })
  })

  test('before it began, there is no response to speak of', () => {
    expect(
      downstream
        .encodeStream({ messages: [] })
        .fail(broken)
        .map(({ event }) => event),
    ).toEqual(['error'])
  })

  test('an answer that ends in an error is a failed response', () => {
    const whole = { ...answer([]), choices: [{ content: [], finishReason: 'error' as const }] }
    const last = wire(replay(whole)).at(-1)
    expect([last?.event, JSON.parse(last?.data ?? '').response.error]).toEqual([
      'response.failed',
      { code: 'server_error', message: 'The target ended the answer with an error.' },
    ])
  })
})
