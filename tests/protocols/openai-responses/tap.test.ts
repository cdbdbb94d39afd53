import { afterEach, describe, expect, test, vi } from 'vitest'
import { sse as framing } from '../../../src/protocols/framing/sse.js'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'
import type { Tap } from '../../../src/protocols/protocol.js'
import { bytesOf, pieces } from '../../helpers/decode.js'
import { fixtures, sse, wholeAnswer } from './helpers.js'

afterEach(() => vi.restoreAllMocks())

function watch(text: string, size = text.length): Tap {
  const tap = openaiResponses.lens.tap()
  const frames = framing.unframer((event) => tap.see(event))
  for (const piece of pieces(bytesOf(text), size)) frames.push(piece)
  frames.end()
  return tap
}

/** The frames of a stream up to and with the first of a type. */
function upTo(text: string, type: string): string {
  const frames = text.split('\n\n')
  return `${frames.slice(0, frames.findIndex((frame) => frame.includes(`"type":"${type}"`)) + 1).join('\n\n')}\n\n`
}

describe('a stream that passes by', () => {
  for (const name of [fixtures.webSearch, fixtures.fileSearch]) {
    test(`its usage and its end are seen: ${name}`, () => {
      const tap = watch(sse(name), 1)
      expect(tap).toMatchObject({ content: true, terminal: true, error: undefined })
      expect(tap.usage).toEqual(openaiResponses.lens.usage(wholeAnswer(name)))
    })

    test(`hidden reasoning is no content, what follows it is: ${name}`, () => {
      const before = watch(upTo(sse(name), 'response.output_item.done'))
      expect(before).toMatchObject({ content: false, terminal: false })
      const first = name === fixtures.webSearch ? 'response.web_search_call.in_progress' : 'response.file_search_call.in_progress'
      expect(watch(upTo(sse(name), first)).content).toBe(true)
    })
  }

  test('an error before any content is seen as an error and as the end', () => {
    const tap = watch(sse(fixtures.error))
    expect(tap).toMatchObject({ content: false, terminal: true, error: { code: 'rate_limited' } })
    // The error event names its type, and the failed response after it does not.
    expect(tap.error?.upstream?.text).toContain('"type":"insufficient_quota"')
  })

  test('what a failed answer has used is seen', () => {
    const failed = { error: { code: 'server_error' }, usage: { input_tokens: 3, output_tokens: 4 } }
    const tap = watch(`event: response.failed\ndata: ${JSON.stringify({ type: 'response.failed', response: failed })}\n\n`)
    expect(tap).toMatchObject({ terminal: true, usage: { input: 3, output: 4 } })
  })

  test('a stream without its end is not terminal', () => {
    const whole = sse(fixtures.webSearch)
    expect(watch(whole.slice(0, whole.lastIndexOf('event: response.completed')))).toMatchObject({
      terminal: false,
      usage: undefined,
    })
  })

  test('[DONE] without response.completed is an end where every item was whole, and else the stream was cut', () => {
    const frame = (type: string) => `event: response.${type}\ndata: {"type":"response.${type}","item":{"type":"message"}}\n\n`
    const done = 'data: [DONE]\n\n'
    const [added, delta, whole] = [frame('output_item.added'), frame('output_text.delta'), frame('output_item.done')]
    expect(watch(added + delta + whole + done)).toMatchObject({ content: true, terminal: true })
    expect(watch(added + delta + done).terminal).toBe(false)
    expect(watch(added + whole + added + delta + done).terminal).toBe(false)
    expect(watch(frame('created') + done).terminal).toBe(false)
  })

  test('each kind of delta is content', () => {
    for (const kind of ['output_text', 'refusal', 'function_call_arguments', 'reasoning_summary_text', 'reasoning_text'])
      expect(watch(`event: response.${kind}.delta\ndata: {}\n\n`).content, kind).toBe(true)
    for (const kind of ['created', 'in_progress', 'content_part.added', 'reasoning_summary_part.added'])
      expect(watch(`event: response.${kind}\ndata: {}\n\n`).content, kind).toBe(false)
  })

  test('an answer that ends without any content counts as content at its end', () => {
    const tap = watch('event: response.incomplete\ndata: {"response":{"usage":{"input_tokens":1,"output_tokens":2}}}\n\n')
    expect(tap).toMatchObject({ content: true, terminal: true, usage: { input: 1, output: 2 } })
  })

  test('only the first item and the last event are parsed', () => {
    const recorded = sse(fixtures.webSearch)
    const parse = vi.spyOn(JSON, 'parse')
    watch(recorded)
    const named = parse.mock.calls.map(([text]) => /"type":"([^"]*)"/.exec(text)?.[1])
    expect(named).toEqual(['response.output_item.added', 'response.output_item.added', 'response.completed'])
  })

  test('frames without an event name are told apart without parsing', () => {
    const whole = sse(fixtures.fileSearch)
    const parse = vi.spyOn(JSON, 'parse')
    watch(whole.replace(/data: \[DONE\]\s*$/, ''))
    expect(parse).toHaveBeenCalledTimes(3)
  })
})
