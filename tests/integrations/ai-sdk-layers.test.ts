/** Layers that keep, change or refuse what is said, under the AI SDK: they work on its own words. */
import { generateText, isStepCount, type streamText as StreamText, streamText, tool } from 'ai'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createLeashProvider, reportIn } from '../../src/integrations/ai-sdk.js'
import type { LeashOptions } from '../../src/leash.js'
import { useMock } from '../helpers/mock.js'
import { useOtlp } from '../helpers/otlp.js'
import { everyModel, leashAt, models, prompt } from './ai-sdk-models.js'

const mock = useMock()
const otlp = useOtlp()
const leashed = (options: LeashOptions) => createLeashProvider({ ...leashAt(mock.url), ...options })

type Asked = Parameters<typeof StreamText>[0]

async function streamed(asked: Asked) {
  const result = streamText({ ...asked, onError: () => {} })
  const pieces: string[] = []
  for await (const piece of result.textStream) pieces.push(piece)
  return { pieces, text: pieces.join(''), finalStep: await result.finalStep, steps: await result.steps }
}

const generated = async (asked: Asked) => generateText(asked)
const asking = (stream: boolean) => (stream ? streamed : generated)

const both = everyModel.flatMap(([protocol, model]) => [false, true].map((stream) => ({ protocol, model, stream })))

describe.each(both)('over $protocol (stream: $stream)', ({ model, stream }) => {
  const ask = asking(stream)

  test('what is redacted is unknown to the vendor, and back in the answer and before the tools', async () => {
    const leash = leashed({ redact: true })
    const told: string[] = []
    const find = tool({
      inputSchema: z.object({ city: z.string() }),
      execute: async () => 'Write to bob@example.org.',
      toModelOutput({ output }) {
        told.push(output)
        return { type: 'text', value: output }
      },
    })
    const { text, steps } = await ask({
      model: leash(model),
      prompt: 'Ada is ada@example.org.',
      tools: { find },
      stopWhen: isStepCount(3),
    })
    expect(steps).toHaveLength(2)
    expect(text).toContain('bob@example.org')
    expect(told).toEqual(['Write to bob@example.org.'])
    for (const { text } of mock.requests) expect(text).not.toContain('@example.org')
  })

  test('what was answered is answered again from the cache, in either form', async () => {
    const leash = leashed({ cache: true })
    const asked = { model: leash(model), prompt }
    expect((await ask(asked)).text).toBe(`Echo: ${prompt}`)
    for (const again of [await ask(asked), await asking(!stream)(asked)]) {
      expect(again.text).toBe(`Echo: ${prompt}`)
      expect(again.finalStep.finishReason).toBe('stop')
      expect(again.finalStep.usage.outputTokens).toBeGreaterThan(0)
    }
    expect(reportIn((await ask(asked)).finalStep)).toMatchObject({ cache: 'hit', attempts: [] })
  })

  test('its span has what was asked for, and what the answer says of itself', async () => {
    const { tracerProvider, meterProvider } = otlp
    const leash = leashed({ telemetry: { tracerProvider, meterProvider, conventions: 'newest' } })
    await ask({ model: leash(model), prompt, maxOutputTokens: 5000, temperature: 1, stopSequences: ['END'], reasoning: 'low' })
    const span = (await otlp.spans()).find(({ name }) => !name.startsWith('attempt '))
    expect(span?.attributes).toMatchObject({
      'gen_ai.request.max_tokens': 5000,
      'gen_ai.request.temperature': 1,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.request.reasoning.level': 'low',
      'gen_ai.response.id': expect.stringMatching(/.{3}/),
      'gen_ai.response.model': expect.stringMatching(/gpt|claude|gemini/),
      'gen_ai.response.finish_reasons': ['stop'],
    })
  })

  test('calls that are the same at the same time are one', async () => {
    const leash = leashed({ coalesce: true })
    const asked = { model: leash(model), prompt }
    const answers = await Promise.all([ask(asked), ask(asked), ask(asked)])
    expect(answers.map(({ text }) => text)).toEqual(Array(3).fill(`Echo: ${prompt}`))
    expect(mock.requests).toHaveLength(1)
  })
})

/** The mock goes on where a model does that is given the beginning of its answer. */
const prefilled = everyModel.filter(([protocol]) => protocol === 'anthropic-messages' || protocol === 'bedrock-converse')

test.each(prefilled)('a stream of %s that dies is gone on with where that is asked for', async (_, model) => {
  const leash = leashed({ resume: true })
  mock.script({ cutAfter: { events: 10 } })
  const { text, finalStep } = await streamed({ model: leash(model), prompt: prompt.repeat(5) })
  expect(text).toBe(`Echo: ${prompt.repeat(5)}`)
  expect(finalStep.finishReason).toBe('stop')
  expect(reportIn(finalStep)?.attempts).toMatchObject([{ outcome: 'error' }, { outcome: 'ok' }])
})

test('a call over its budget is not sent', async () => {
  const leash = leashed({})
  const failure = await generateText({
    model: leash(models['openai-chat']),
    prompt,
    providerOptions: { leash: { maxCostUsd: 0.000_000_001 } },
  }).catch((error) => error)
  expect(failure).toMatchObject({ isRetryable: false, data: { code: 'budget_exceeded', attempts: [] } })
  expect(mock.requests).toEqual([])
})

test('a call that is over its deadline fails, and is not tried again', async () => {
  mock.script({ hang: 'headers', times: 9 })
  const leash = leashed({})
  const providerOptions = { leash: { deadlineMs: 1000 } }
  const failure = await generateText({ model: leash(models.gemini), prompt, providerOptions }).catch((error) => error)
  expect(failure).toMatchObject({ statusCode: 504, isRetryable: false, data: { code: 'deadline_exceeded' } })
  expect(mock.requests).toHaveLength(1)
})
