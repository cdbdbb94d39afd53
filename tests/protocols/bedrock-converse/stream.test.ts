import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/core/events.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'
import { frameAwsEvent } from '../../../src/protocols/framing/aws-eventstream.js'
import { decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import { begin, close, delta, events, models, startCall, stop, stream, usage } from './bedrock.js'

const spelled = (...list: Parameters<typeof stream>) => collect(events(stream(...list)))
const failure = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return error
  }
}

describe('a stream of Bedrock', () => {
  it('spells text, which is never opened by an event of its own', () => {
    expect(events(stream(begin, delta(0, { text: 'Hel' }), delta(0, { text: 'lo' }), close(0), stop('end_turn'), usage))).toEqual(
      [
        { type: 'start', id: '', model: models.claude45 },
        { type: 'part-start', choice: 0, index: 0, part: { type: 'text', text: '' } },
        { type: 'part-delta', choice: 0, index: 0, delta: 'Hel' },
        { type: 'part-delta', choice: 0, index: 0, delta: 'lo' },
        { type: 'part-end', choice: 0, index: 0 },
        { type: 'finish', choice: 0, reason: 'stop' },
        { type: 'usage', usage: expect.objectContaining({ input: 3, output: 5 }) },
        { type: 'end' },
      ],
    )
  })

  it('tells usage and the tier that come after the answer', () => {
    const { usage, serviceTier } = spelled(begin, stop('end_turn'), [
      'metadata',
      { usage: { inputTokens: 1, outputTokens: 2 }, serviceTier: { type: 'flex' } },
    ])
    expect(usage).toMatchObject({ input: 1, output: 2 })
    expect(serviceTier).toBe('flex')
  })

  it('is complete without usage', () => {
    expect(events(stream(begin, delta(0, { text: 'Hi' }), close(0), stop('end_turn'))).at(-1)).toEqual({ type: 'end' })
  })

  it('ends once, however much follows', () => {
    const list = events(stream(begin, stop('end_turn'), usage, usage, stop('end_turn'), ['news', { a: 1 }]))
    expect(list.filter(({ type }) => type === 'end')).toHaveLength(1)
    expect(list.filter(({ type }) => type === 'finish')).toHaveLength(1)
  })

  it('begins once, also when it is not told to', () => {
    const starts = (...list: Parameters<typeof stream>) => events(stream(...list)).filter(({ type }) => type === 'start').length
    expect(starts(begin, begin, stop('end_turn'))).toBe(1)
    expect(starts(delta(0, { text: 'a' }), stop('end_turn'))).toBe(1)
  })

  it('closes what was left open', () => {
    expect(events(stream(begin, delta(0, { text: 'Hi' }), stop('max_tokens')))).toContainEqual({
      type: 'part-end',
      choice: 0,
      index: 0,
    })
  })

  it('ignores events, blocks and members that it does not know', () => {
    const list = spelled(
      begin,
      ['constructor', {}],
      ['novelty', { contentBlockIndex: 0 }],
      delta(0, { text: 'Hi', toString: 'x' }),
      ['contentBlockStart', { contentBlockIndex: 1, start: { hologram: {} } }],
      delta(1, { hologram: 'x' }),
      close(1),
      close(7),
      stop('end_turn'),
    )
    expect(list.choices[0]?.content).toEqual([{ type: 'text', text: 'Hi' }])
  })

  it.each(['jpeg', 'png', 'gif', 'webp'])('knows an image by the format that its block begins with: %s', (format) => {
    const told = events(
      stream(
        begin,
        ['contentBlockStart', { contentBlockIndex: 0, start: { image: { format } } }],
        delta(0, { image: { source: { bytes: 'aGVs' } } }),
        close(0),
        stop('end_turn'),
        usage,
      ),
    )
    expect(told).toContainEqual(
      expect.objectContaining({
        part: { type: 'image', source: { kind: 'base64', data: 'aGVs', mediaType: `image/${format}` } },
      }),
    )
  })

  it('spells an image in one part, when it is whole', () => {
    const { choices } = spelled(
      begin,
      ['contentBlockStart', { contentBlockIndex: 0, start: { image: { format: 'png' } } }],
      delta(0, { image: { source: { bytes: 'aGVs' } } }),
      delta(0, { image: { source: { bytes: 'bG8=' } } }),
      close(0),
      stop('end_turn'),
    )
    expect(choices[0]?.content).toEqual([{ type: 'image', source: { kind: 'base64', data: 'aGVsbG8=', mediaType: 'image/png' } }])
  })

  it('leaves out an image that never came', () => {
    const { choices } = spelled(
      begin,
      ['contentBlockStart', { contentBlockIndex: 0, start: { image: { format: 'png' } } }],
      delta(0, { image: { error: { message: 'It was blocked.' } } }),
      close(0),
      stop('end_turn'),
    )
    expect(choices[0]?.content).toEqual([])
  })

  it('joins bytes that come in pieces, each of which is padded by itself', () => {
    const { choices } = spelled(
      begin,
      delta(0, { reasoningContent: { redactedContent: 'aGlkZA==' } }),
      delta(0, { reasoningContent: { redactedContent: 'ZW4=' } }),
      close(0),
      ['contentBlockStart', { contentBlockIndex: 1, start: { image: { format: 'png' } } }],
      delta(1, { image: { source: { bytes: 'aA==' } } }),
      delta(1, { image: { source: { bytes: 'ZWxs' } } }),
      delta(1, { image: { source: { bytes: 'bw==' } } }),
      close(1),
      stop('end_turn'),
    )
    expect(choices[0]?.content).toEqual([
      { type: 'reasoning', text: '', redacted: true, signature: { format: 'anthropic-claude-v1', value: 'aGlkZGVu' } },
      { type: 'image', source: { kind: 'base64', data: 'aGVsbG8=', mediaType: 'image/png' } },
    ])
  })

  it('tells the citations of a text at its end', () => {
    const citation = {
      title: 'Atlas',
      sourceContent: [{ text: 'Paris' }],
      location: { documentPage: { documentIndex: 0, start: 1, end: 1 } },
    }
    const { choices } = spelled(
      begin,
      delta(0, { text: 'Par' }),
      delta(0, { citation }),
      delta(0, { text: 'is' }),
      close(0),
      stop('end_turn'),
    )
    expect(choices[0]?.content).toEqual([
      { type: 'text', text: 'Paris', citations: [{ title: 'Atlas', quote: 'Paris', start: 0, end: 5, raw: citation }] },
    ])
  })

  it('leaves out a tool that ran at Amazon, and counts the parts without it', () => {
    const losses: string[] = []
    const bytes = stream(
      begin,
      startCall(0, 'a', 'nova_code_interpreter', { type: 'server_tool_use' }),
      delta(0, { toolUse: { input: '{"snippet":"1+1"}' } }),
      close(0),
      ['contentBlockStart', { contentBlockIndex: 1, start: { toolResult: { toolUseId: 'a' } } }],
      delta(1, { toolResult: [{ json: { stdOut: '2' } }] }),
      close(1),
      delta(2, { text: 'Two' }),
      close(2),
      stop('end_turn'),
    )
    const context = decodeContext({ lose: (path) => losses.push(path) })
    const list = decodeStream(bedrockConverse, bytes, { context })
    expect(collect(list).choices[0]).toEqual({ finishReason: 'stop', content: [{ type: 'text', text: 'Two' }] })
    expect(list).toContainEqual({ type: 'part-start', choice: 0, index: 0, part: { type: 'text', text: '' } })
    expect(losses).toEqual(['content[0]', 'content[1]'])
  })

  it.each([
    ['throttlingException', 'rate_limited', 429, true],
    ['modelStreamErrorException', 'upstream_error', 424, true],
    ['validationException', 'invalid_request', 400, false],
    ['internalServerException', 'upstream_error', 500, true],
    ['serviceUnavailableException', 'overloaded', 503, true],
    ['modelTimeoutException', 'timeout', 408, true],
    ['somethingNewException', 'upstream_error', 500, true],
  ])('fails with what %s means', (name, code, status, retryable) => {
    const bytes = stream(begin, delta(0, { text: 'Hi' }), [name, { message: 'Sorry.' }])
    const error = failure(() => events(bytes))
    expect(error).toMatchObject({ code, status, retryable, detail: 'Sorry.' })
    expect((error as { upstream: unknown }).upstream).toMatchObject({
      protocol: 'bedrock-converse',
      text: '{"message":"Sorry."}',
    })
  })

  it('fails with an unmodelled error of the stream itself', () => {
    const bytes = frameAwsEvent({ event: 'error', data: JSON.stringify({ code: 'InternalFailure', message: 'oops' }) })
    expect(failure(() => events(bytes))).toMatchObject({ code: 'upstream_error', retryable: true, detail: 'oops' })
  })

  it('fails with an exception that comes after the answer', () => {
    expect(
      failure(() => events(stream(begin, stop('end_turn'), ['internalServerException', { message: 'late' }]))),
    ).toMatchObject({ detail: 'late' })
  })

  it('fails with upstream_malformed when an event is not JSON', () => {
    const bytes = frameAwsEvent({ event: 'messageStop', data: '{"stopReason":' })
    expect(failure(() => events(bytes))).toMatchObject({ code: 'upstream_malformed', retryable: true })
  })

  it('that ends in an exception fails at every cut, never ends well', () => {
    const bytes = stream(begin, delta(0, { text: 'Hi' }), ['throttlingException', { message: 'slow' }])
    expect(new Set(decodePrefixes(bedrockConverse, bytes))).toEqual(new Set(['stream_truncated']))
    expect(failure(() => events(bytes))).toMatchObject({ code: 'rate_limited' })
  })
})
