import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/core/events.js'
import { total } from '../../../src/core/usage.js'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'
import { decodeContext, decodePrefixes, decodeStream } from '../../helpers/decode.js'
import { bytesIn, cassette, cassettes, decode } from './bedrock.js'

const refused = cassettes().filter(({ response }) => response.status !== 200)
const whole = cassettes().filter(({ response }) => response.status === 200 && response.body)
const streamed = cassettes().filter(({ response }) => response.body_base64)

const match = (url: string) => bedrockConverse.match(new URL(url).pathname, {})

describe('recorded Bedrock traffic', () => {
  it('is all here', () => {
    expect([refused.length, whole.length, streamed.length]).toEqual([2, 5, 5])
  })

  it.each(cassettes())('is recognised by its address: $file', ({ request }) => {
    expect(match(request.url)).toEqual({
      model: decodeURIComponent(request.url.split('/')[4] as string),
      stream: request.url.endsWith('-stream'),
    })
  })

  it.each(refused)('tells of a refusal: $file', ({ response }) => {
    const text = JSON.stringify(response.body)
    const error = bedrockConverse.decodeError({ status: response.status, headers: new Headers(response.headers), text })
    expect(error).toMatchObject({
      code: 'not_found',
      status: 400,
      retryable: false,
      detail: 'The provided model identifier is invalid.',
    })
    expect(error.upstream).toMatchObject({ protocol: 'bedrock-converse', status: 400, text })
  })

  it.each(whole)('is read with usage that sums to the total that AWS states: $file', ({ response }) => {
    const stated = (response.body as { usage: { totalTokens: number } }).usage.totalTokens
    const { usage } = decode(response.body).response
    expect(usage && total(usage)).toBe(stated)
  })

  it('reads thinking, text and a tool call without arguments', () => {
    const { response, losses } = decode(cassette('tool-with-thinking').response.body)
    expect(response.choices[0]).toEqual({
      finishReason: 'tool-calls',
      content: [
        {
          type: 'reasoning',
          text: expect.stringMatching(/^The user is asking/),
          signature: { format: 'anthropic-claude-v1', value: expect.stringMatching(/^ErcBCkgIBhABGAIiQDYN.*GAI=$/) },
        },
        { type: 'text', text: "I'll need to check what country you're from to answer that question." },
        { type: 'tool-call', id: 'tooluse_W9DaUFg4Tj2cRPpndqxWSg', name: 'get_user_country', arguments: '{}' },
      ],
    })
    expect(losses).toEqual([])
  })

  it('reads an answer that was cut at its bound', () => {
    const { response } = decode(cassette('max-tokens').response.body)
    expect(response.choices).toEqual([{ finishReason: 'length', content: [{ type: 'text', text: 'The capital of France is' }] }])
  })

  it('hands on the call of a caller’s tool and not that of a tool which ran at Amazon', () => {
    const { response, losses } = decode(cassette('code-execution').response.body)
    expect(response.choices[0]).toEqual({
      finishReason: 'tool-calls',
      content: [
        { type: 'tool-call', id: 'tooluse_RyG7SphVTsuS_8GFmX9hIA', name: 'final_result', arguments: '{"result":14013304}' },
      ],
    })
    expect(losses.map(({ path, action }) => [path, action])).toEqual([
      ['content[0]', 'dropped'],
      ['content[1]', 'dropped'],
    ])
  })

  it('counts what was written to the cache apart from the input', () => {
    expect(decode(cassette('preserves-cache').response.body).response.usage).toMatchObject({
      input: 64,
      cacheWrite: 2492,
      output: 4,
    })
  })

  it.each(streamed)('streams the same whether it comes at once or byte by byte: $file', (recorded) => {
    const bytes = bytesIn(recorded)
    const events = decodeStream(bedrockConverse, bytes)
    expect(decodeStream(bedrockConverse, bytes, { size: 1 })).toEqual(events)
    expect(events[0]).toMatchObject({ type: 'start' })
    expect(events.at(-1)).toEqual({ type: 'end' })
    expect(events.filter(({ type }) => type === 'usage')).toHaveLength(1)
  })

  it.each(streamed)('is an error when cut before its end, and complete when only usage is missing: $file', (recorded) => {
    const bytes = bytesIn(recorded)
    const full = decodeStream(bedrockConverse, bytes)
    const withoutUsage = full.filter(({ type }) => type !== 'usage')
    const outcomes = decodePrefixes(bedrockConverse, bytes, decodeContext())
    const firstComplete = outcomes.findIndex((outcome) => typeof outcome !== 'string')
    expect(new Set(outcomes.slice(0, firstComplete))).toEqual(new Set(['stream_truncated']))
    for (const outcome of outcomes.slice(firstComplete)) expect(outcome).toEqual(withoutUsage)
  })

  it('spells a streamed tool call', () => {
    const { choices, usage } = collect(decodeStream(bedrockConverse, bytesIn(cassette('iter-stream-0'))))
    expect(choices[0]?.finishReason).toBe('tool-calls')
    expect(choices[0]?.content).toEqual([
      { type: 'text', text: expect.stringMatching(/^<thinking> To find[\s\S]*<\/thinking>\n$/) },
      { type: 'tool-call', id: 'tooluse_lAG_zP8QRHmSYOwZzzaCqA', name: 'get_temperature', arguments: '{"city":"Paris"}' },
    ])
    expect(usage).toMatchObject({ input: 471, output: 91 })
  })

  it('spells a streamed structured output', () => {
    const { choices } = collect(decodeStream(bedrockConverse, bytesIn(cassette('native-output'))))
    expect(choices[0]).toEqual({
      finishReason: 'stop',
      content: [{ type: 'text', text: '{"city":"Paris","country":"France","population":2161000}' }],
    })
  })
})
