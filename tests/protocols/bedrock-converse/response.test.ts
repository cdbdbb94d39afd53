import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buckets, inputTotal, outputTotal } from '../../../src/core/usage.js'
import { answer, decode, models } from './bedrock.js'

const choice = (content: unknown[], more?: object, model?: string) => decode(answer(content, more), model).response.choices[0]
const refusal = (body: unknown) => {
  try {
    decode(body)
  } catch (error) {
    return error
  }
}

describe('an answer of Bedrock', () => {
  it('names the model that was asked, or the one that a router chose', () => {
    expect(decode(answer([])).response).toMatchObject({ id: '', model: models.claude45 })
    const trace = { promptRouter: { invokedModelId: 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku' } }
    expect(decode(answer([], { trace })).response.model).toBe(trace.promptRouter.invokedModelId)
  })

  it.each([
    ['end_turn', 'stop'],
    ['tool_use', 'tool-calls'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['stop_sequence', 'stop-sequence'],
    ['guardrail_intervened', 'content-filter'],
    ['content_filtered', 'content-filter'],
    ['malformed_model_output', 'error'],
    ['malformed_tool_use', 'error'],
    ['refusal', 'refusal'],
    ['something_new', 'other'],
    ['constructor', 'other'],
    [undefined, 'other'],
  ])('says why it stopped: %s is %s', (stopReason, reason) => {
    expect(choice([{ text: 'x' }], { stopReason })?.finishReason).toBe(reason)
  })

  it('tells which stop sequence was met', () => {
    expect(choice([], { stopReason: 'stop_sequence', additionalModelResponseFields: { stop_sequence: 'END' } })).toEqual({
      content: [],
      finishReason: 'stop-sequence',
      stopSequence: 'END',
    })
  })

  it('carries citations, which hold for the text they come with', () => {
    const citations = [
      { title: 'Atlas', location: { web: { url: 'https://a.example' } }, sourceContent: [{ text: 'Paris ' }, { text: 'is' }] },
      { title: 'File', location: { documentPage: { documentIndex: 0, start: 1, end: 2 } } },
    ]
    expect(choice([{ citationsContent: { content: [{ text: 'Pa' }, { text: 'ris' }], citations } }])?.content).toEqual([
      {
        type: 'text',
        text: 'Paris',
        citations: [
          { title: 'Atlas', url: 'https://a.example', quote: 'Paris is', start: 0, end: 5, raw: citations[0] },
          { title: 'File', start: 0, end: 5, raw: citations[1] },
        ],
      },
    ])
  })

  it('carries an image', () => {
    expect(choice([{ image: { format: 'webp', source: { bytes: 'aGk=' } } }])?.content).toEqual([
      { type: 'image', source: { kind: 'base64', data: 'aGk=', mediaType: 'image/webp' } },
    ])
  })

  it.each([
    [{ format: 'png', error: { message: 'It was blocked.' } }],
    [{ format: 'png', source: { s3Location: { uri: 's3://b/i.png' } } }],
  ])('reports an image that has no bytes: %j', (image) => {
    const { response, losses } = decode(answer([{ image }]))
    expect(response.choices[0]?.content).toEqual([])
    expect(losses).toMatchObject([{ path: 'content[0]', action: 'dropped' }])
  })

  it('carries reasoning without a signature, and gives no signature to a model that signs nothing', () => {
    const block = { reasoningContent: { reasoningText: { text: 'hm', signature: 'c2ln' } } }
    expect(choice([block], {}, models.claude45)?.content).toEqual([
      { type: 'reasoning', text: 'hm', signature: { format: 'anthropic-claude-v1', value: 'c2ln' } },
    ])
    expect(choice([block], {}, models.nova2)?.content).toEqual([{ type: 'reasoning', text: 'hm' }])
    expect(choice([{ reasoningContent: { reasoningText: { text: 'hm' } } }])?.content).toEqual([
      { type: 'reasoning', text: 'hm' },
    ])
  })

  it('reports blocks that it has no word for', () => {
    const { response, losses } = decode(answer([{ text: 'a' }, { hologram: {} }, { constructor: 'x' }]))
    expect(response.choices[0]?.content).toEqual([{ type: 'text', text: 'a' }])
    expect(losses.map(({ path, why }) => [path, why])).toEqual([
      ['content[1]', expect.stringContaining('hologram')],
      ['content[2]', expect.anything()],
    ])
  })

  it('carries the tier that served it', () => {
    expect(decode(answer([], { serviceTier: { type: 'priority' } })).response.serviceTier).toBe('priority')
  })

  it.each([[{}], [null], ['text'], [{ output: { message: {} } }]])(
    'without a message is malformed, and worth another try: %j',
    (body) => {
      expect(refusal(body)).toMatchObject({ code: 'upstream_malformed', retryable: true })
    },
  )
})

describe('usage of Bedrock', () => {
  const usageOf = (usage: unknown) => decode(answer([], { usage })).response.usage

  it('is absent when Bedrock says nothing', () => {
    expect(decode(answer([], { usage: undefined })).response).not.toHaveProperty('usage')
  })

  it('tells what was cached for an hour from what was cached for five minutes', () => {
    const cacheDetails = [
      { ttl: '1h', inputTokens: 60 },
      { ttl: '5m', inputTokens: 40 },
    ]
    expect(
      usageOf({ inputTokens: 7, outputTokens: 9, cacheReadInputTokens: 11, cacheWriteInputTokens: 100, cacheDetails }),
    ).toEqual({
      input: 7,
      cacheRead: 11,
      cacheWrite: 40,
      cacheWrite1h: 60,
      audioInput: 0,
      output: 9,
      reasoning: 0,
      audioOutput: 0,
    })
  })

  it('falls into buckets that do not overlap and sum to what AWS counts', () => {
    const count = fc.nat(1_000_000)
    fc.assert(
      fc.property(count, count, count, count, fc.nat(100), (input, output, read, written, share) => {
        const hour = Math.floor((written * share) / 100)
        const usage = usageOf({
          inputTokens: input,
          outputTokens: output,
          cacheReadInputTokens: read,
          cacheWriteInputTokens: written,
          cacheDetails: [
            { ttl: '1h', inputTokens: hour },
            { ttl: '5m', inputTokens: written - hour },
          ],
        })
        if (!usage) throw new Error('no usage')
        expect(inputTotal(usage)).toBe(input + read + written)
        expect(outputTotal(usage)).toBe(output)
      }),
    )
  })

  it('is never negative, whatever a stranger sends', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('inputTokens', 'cacheWriteInputTokens', 'cacheDetails', 'ttl', 'outputTokens') }),
        (wire) => {
          const usage = usageOf(wire)
          for (const bucket of buckets) expect(usage?.[bucket] ?? 0).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})
