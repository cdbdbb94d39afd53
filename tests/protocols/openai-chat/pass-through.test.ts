import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openaiChat } from '../../../src/protocols/openai-chat/index.js'
import { askUsage, hideUsage } from '../../../src/protocols/openai-chat/pass-through.js'
import { bytesOf, pieces } from '../../helpers/decode.js'
import { recordings } from './kit.js'

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** What the filter lets through of bytes that come in these pieces. */
function filtered(chunks: readonly Uint8Array[]): string {
  const filter = hideUsage()
  const out = chunks.flatMap((chunk) => filter.push(chunk) ?? [])
  const rest = filter.end()
  return [...out, ...(rest ? [rest] : [])].map(textOf).join('')
}

const content = (text: string) =>
  `data: {"id":"1","choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}}}],"usage":null}\n\n`
const usage = 'data: {"id":"1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n'
const azure = 'data: {"choices":[],"id":"","prompt_filter_results":[{"prompt_index":0}]}\n\n'
const done = 'data: [DONE]\n\n'

describe('asking for usage', () => {
  const body = { model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'Wie geht’s? {"stream_options":1}' }] }

  test('adds the question to the caller’s own text, which stays as it was', () => {
    const text = JSON.stringify(body)
    const asked = askUsage(body, text, {})
    expect(asked?.text).toBe(`${text.slice(0, -1)},"stream_options":{"include_usage":true}}`)
    expect(JSON.parse(asked?.text ?? '')).toEqual({ ...body, stream_options: { include_usage: true } })
  })

  test('reads any white space, and a body of no members', () => {
    const pretty = `${JSON.stringify(body, null, 2)}\n\n`
    expect(JSON.parse(askUsage(body, pretty, {})?.text ?? '')).toEqual({ ...body, stream_options: { include_usage: true } })
    expect(askUsage({}, ' { } ', {})?.text).toBe(' {"stream_options":{"include_usage":true}}')
  })

  test('keeps the caller’s other options, and overrules a no', () => {
    for (const stream_options of [{ include_obfuscation: false }, { include_obfuscation: false, include_usage: false }]) {
      const own = { ...body, stream_options }
      expect(JSON.parse(askUsage(own, JSON.stringify(own), {})?.text ?? '').stream_options).toEqual({
        include_obfuscation: false,
        include_usage: true,
      })
    }
    const nothing = { ...body, stream_options: null }
    expect(JSON.parse(askUsage(nothing, JSON.stringify(nothing), {})?.text ?? '').stream_options).toEqual({ include_usage: true })
  })

  test('writes a body that another layer changed', () => {
    expect(JSON.parse(askUsage(body, undefined, {})?.text ?? '')).toEqual({ ...body, stream_options: { include_usage: true } })
  })

  test('asks nothing when the caller asked, or the vendor tells by itself or never', () => {
    expect(askUsage({ ...body, stream_options: { include_usage: true } }, undefined, {})).toBeUndefined()
    expect(askUsage(body, undefined, { streamUsage: 'always' })).toBeUndefined()
    expect(askUsage(body, undefined, { streamUsage: 'never' })).toBeUndefined()
  })

  test('is no business of `adapt`, which leaves such a body as it is', () => {
    expect(openaiChat.adapt?.(body, {}, () => {})).toBe(body)
  })
})

describe('hiding the answer', () => {
  const stream = azure + content('Hällo') + content('{"choices":[],"usage":{}}') + usage + done

  test('takes out the usage chunk and nothing else, however the bytes are cut', () => {
    const bytes = bytesOf(stream)
    const expected = stream.replace(usage, '')
    for (let size = 1; size <= bytes.length; size++) expect(filtered(pieces(bytes, size))).toBe(expected)
  })

  test('does so at any places of cutting', () => {
    const bytes = bytesOf(stream)
    const cuts = fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 12 })
    fc.assert(
      fc.property(cuts, (places) => {
        const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length]
        const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
        expect(filtered(chunks)).toBe(stream.replace(usage, ''))
      }),
    )
  })

  test('hands on a chunk of whole events as the same object', () => {
    const filter = hideUsage()
    for (const text of [azure, content('a') + content('b'), content('{"choices":[]}'), ': ping\n\n', done]) {
      const bytes = bytesOf(text)
      expect(filter.push(bytes)).toBe(bytes)
    }
    expect(filter.end()).toBeUndefined()
  })

  test('goes on handing on the same objects after the usage', () => {
    const filter = hideUsage()
    expect(filter.push(bytesOf(usage))).toBeUndefined()
    const bytes = bytesOf(done)
    expect(filter.push(bytes)).toBe(bytes)
  })

  test('holds back only the event that is cut', () => {
    const filter = hideUsage()
    const cut = bytesOf(content('a') + content('b').slice(0, 20))
    expect(textOf(filter.push(cut) ?? new Uint8Array())).toBe(content('a'))
    expect(textOf(filter.push(bytesOf(content('b').slice(20))) ?? new Uint8Array())).toBe(content('b'))
    expect(filter.end()).toBeUndefined()
  })

  test('lets the rest of a stream that was cut go on, unless it is the usage', () => {
    expect(filtered([bytesOf(content('a').slice(0, 30))])).toBe(content('a').slice(0, 30))
    expect(filtered([bytesOf(usage.trimEnd())])).toBe('')
  })

  test.each(['\r\n', '\r'])('knows events whose lines end with %j', (end) => {
    const other = stream.replaceAll('\n', end)
    for (const size of [1, 2, 3, 7, other.length]) {
      expect(filtered(pieces(bytesOf(other), size))).toBe(other.replace(usage.replaceAll('\n', end), ''))
    }
  })

  test('knows the chunk with spaces in its JSON', () => {
    const spaced = 'data: {"choices": [ ], "usage": {"prompt_tokens": 1}}\n\n'
    expect(filtered([bytesOf(content('a') + spaced + done)])).toBe(content('a') + done)
  })

  test('keeps a chunk without choices that tells something else', () => {
    const moderated = 'data: {"choices":[],"usage":{"prompt_tokens":1},"moderation":{"input":{}}}\n\n'
    const empty = 'data: {"choices":[],"usage":null}\n\n'
    expect(filtered([bytesOf(moderated + empty + done)])).toBe(moderated + empty + done)
  })

  test.each(recordings.filter(({ response }) => response.sse?.includes('chat.completion.chunk')))(
    '$file: what the caller reads is what it would have read without the question',
    ({ response }) => {
      const text = response.sse ?? ''
      const expected = text.split(/(?<=\n\n)/).filter((event) => !/"choices":\[\],.*"usage":\{/.test(event))
      for (const size of [1, 100, 1000, text.length]) expect(filtered(pieces(bytesOf(text), size))).toBe(expected.join(''))
    },
  )
})
