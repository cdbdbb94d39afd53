/** What happened to a call: on its answer, its stream or its error, and out of the way. */
import { APIError } from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { reportOf } from '../../src/fetch.js'
import { useMock } from '../helpers/mock.js'
import { leashed, messages, models, prompt } from './client.js'

const mock = useMock()

describe.each(models)('with %s', (model) => {
  const provider = model.startsWith('gpt') ? 'openai' : 'anthropic'
  const usage = { input: expect.any(Number), output: expect.any(Number), cacheRead: 0 }
  const whole = { provider, model, usage, ended: true, attempts: [{ provider, model, status: 200, outcome: 'ok', usage }] }

  test('an answer carries its report', async () => {
    const { chat, responses } = leashed(mock)
    expect((await chat.completions.create({ model, messages })).leash).toMatchObject(whole)
    expect((await responses.create({ model, input: prompt })).leash).toMatchObject(whole)
  })

  test('an answer with its response carries it too', async () => {
    const { data } = await leashed(mock).chat.completions.create({ model, messages }).withResponse()
    expect(data.leash).toMatchObject(whole)
  })

  test('a parsed answer carries it too', async () => {
    const { chat, responses } = leashed(mock)
    const shape = z.object({ city: z.string() })
    const response_format = zodResponseFormat(shape, 'place')
    expect((await chat.completions.parse({ model, messages, response_format })).leash).toMatchObject(whole)
    const text = { format: zodTextFormat(shape, 'place') }
    expect((await responses.parse({ model, input: prompt, text })).leash).toMatchObject(whole)
  })

  test('the report is seen by nobody who does not ask for it', async () => {
    const { chat } = leashed(mock)
    const answer = await chat.completions.create({ model, messages })
    expect(answer.leash).toBeDefined()
    expect(Object.keys(answer)).not.toContain('leash')
    expect({ ...answer }).not.toHaveProperty('leash')
    expect(JSON.stringify(answer)).not.toContain('attempts')
    expect(structuredClone(answer)).not.toHaveProperty('leash')
    expect(answer).toEqual(JSON.parse(JSON.stringify(answer)))
  })

  test('the report lists every attempt', async () => {
    mock.script({ status: 429 }, { reset: true })
    const answer = await leashed(mock).chat.completions.create({ model, messages })
    expect(answer.leash?.attempts).toMatchObject([
      { outcome: 'error', error: 'rate_limited', status: 429 },
      { outcome: 'error', error: 'network_error' },
      { outcome: 'ok', status: 200 },
    ])
    for (const { startedAt, durationMs } of answer.leash?.attempts ?? []) {
      expect(startedAt).toBeGreaterThan(1.7e12)
      expect(durationMs).toBeGreaterThanOrEqual(0)
    }
  })

  test('reportOf() tells of a stream when it has ended', async () => {
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    const reporting = reportOf(stream)
    for await (const _ of stream);
    expect(await reporting).toMatchObject(whole)
    expect(await reportOf(stream)).toMatchObject({ attempts: [{ firstTokenMs: expect.any(Number) }] })
  })

  test('reportOf() says of what is no stream of a leash that it is none', async () => {
    const untyped = ['{}', 'null', '"a"', '{"controller":null}', '{"controller":{"signal":1}}'].map((text) => JSON.parse(text))
    for (const strange of [...untyped, { controller: new AbortController() }])
      await expect(reportOf(strange)).rejects.toMatchObject({ code: 'invalid_config' })
  })

  test('reportOf() tells of a stream that was left early', async () => {
    mock.script({ hang: { afterEvents: 6 } })
    const stream = await leashed(mock).chat.completions.create({ model, messages, stream: true })
    for await (const _ of stream) break
    expect(await reportOf(stream)).toMatchObject({ ended: true, attempts: [{ outcome: 'cancelled' }] })
  })

  test('reportOf() tells of a stream that was cut', async () => {
    const client = leashed(mock)
    // The first call loads what calls need. What is cut meanwhile nobody has read yet, and is asked again.
    await client.chat.completions.create({ model, messages })
    mock.script({ cutAfter: { events: 5 }, chunkDelayMs: 20 })
    const stream = await client.chat.completions.create({ model, messages, stream: true })
    const read = async () => {
      for await (const _ of stream);
    }
    await expect(read()).rejects.toThrow()
    expect(await reportOf(stream)).toMatchObject({ ended: true, attempts: [{ outcome: 'error' }] })
  })

  test('reportOf() tells of a runner of stream()', async () => {
    const runner = leashed(mock).chat.completions.stream({ model, messages })
    await runner.done()
    expect(await reportOf(runner)).toMatchObject(whole)
  })

  test('reportOf() tells of a runner of responses.stream()', async () => {
    const runner = leashed(mock).responses.stream({ model, input: prompt })
    await runner.done()
    expect(await reportOf(runner)).toMatchObject(whole)
  })

  test('an error tells its attempts', async () => {
    mock.script({ status: 500, times: 9 })
    const error = await leashed(mock)
      .chat.completions.create({ model, messages })
      .catch((error: unknown) => error)
    expect(error instanceof APIError && error.leash).toMatchObject({
      ended: true,
      attempts: [{ status: 500 }, { status: 500 }, { status: 500 }],
    })
  })

  test('tags of a call stand in its report', async () => {
    const tags = { feature: 'greeting' }
    const answer = await leashed(mock).chat.completions.create({ model, messages }, { leash: { tags } })
    expect(answer.leash?.tags).toEqual(tags)
  })
})

test('embeddings carry a report', async () => {
  for (const model of ['text-embedding-3-small', 'gemini-embedding-001']) {
    const { leash } = await leashed(mock).embeddings.create({ model, input: prompt })
    expect(leash).toMatchObject({ model, ended: true, attempts: [{ outcome: 'ok' }] })
  }
})

test('what a translation lost stands in the report', async () => {
  const { leash } = await leashed(mock).chat.completions.create({ model: 'claude-sonnet-4-5', messages, seed: 7 })
  expect(leash?.warnings).toEqual([{ path: 'seed', action: 'dropped', why: expect.any(String) }])
})

test('strict refuses to lose anything, before anything is sent', async () => {
  const create = leashed(mock).chat.completions.create(
    { model: 'claude-sonnet-4-5', messages, seed: 7 },
    { leash: { strict: true } },
  )
  await expect(create).rejects.toMatchObject({ status: 400, code: 'translation_loss' })
  expect(mock.requests).toHaveLength(0)
})

test('the stack’s deadline holds over all attempts', async () => {
  mock.script({ hang: 'headers', times: 9 })
  const client = leashed(mock)
  const create = client.chat.completions.create({ model: 'gpt-4o-mini', messages }, { leash: { deadlineMs: 300 } })
  await expect(create).rejects.toThrow('timed out')
  expect(mock.requests).toHaveLength(1)
})

test('maxAttempts holds over all retries', async () => {
  mock.script({ status: 500, times: 9 })
  const create = leashed(mock).chat.completions.create(
    { model: 'gpt-4o-mini', messages },
    { maxRetries: 5, leash: { maxAttempts: 2 } },
  )
  await expect(create).rejects.toMatchObject({ status: 500 })
  expect(mock.requests).toHaveLength(2)
})

test('reportOf() refuses a stream that is not leashed', async () => {
  await expect(reportOf({ controller: new AbortController() })).rejects.toThrow('leashed client')
})
