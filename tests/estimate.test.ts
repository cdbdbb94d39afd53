import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../src/index.js'
import { createLeash, isLeashError } from '../src/leash.js'
import { mockProviders } from '../src/testing/index.js'
import { useMock } from './helpers/mock.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'Which planet has the most moons?' }]

/** A dollar for a million tokens in, ten for a million out. */
const prices = { 'anthropic/claude-haiku-4-5': { input: 1, cacheRead: 1, cacheWrite: 1, output: 10 } }
const open = (options: Parameters<typeof createLeash>[0] = {}) =>
  createLeash({ providers: mockProviders(mock.url), prices, ...options })

describe('leash.estimate()', () => {
  test('tells the target, the tokens and the price, and asks nobody', async () => {
    const leash = open()
    const told = await leash.estimate({ model: 'claude-haiku-4-5', max_tokens: 100, messages })
    expect(told).toMatchObject({
      provider: 'anthropic',
      model: 'claude-haiku-4-5',
      protocol: 'anthropic-messages',
      maxOutputTokens: 100,
    })
    expect(told.inputTokens).toBeGreaterThan(4)
    expect(told.inputUsd).toBeCloseTo(told.inputTokens / 1e6, 12)
    expect(told.mostUsd).toBeCloseTo((told.inputTokens + 1000) / 1e6, 12)
    expect(mock.requests).toHaveLength(0)
    expect(leash.usage()).toEqual([])
  })

  test('counts each of several answers that are asked for', async () => {
    const asked = { model: 'gpt-4o-mini', max_tokens: 1000, messages }
    const [one, three] = [await open().estimate(asked), await open().estimate({ ...asked, n: 3 } as typeof asked)]
    expect(three.maxOutputTokens).toBe(1000)
    const ofAnswers = ({ mostUsd, inputUsd }: typeof one) => (mostUsd ?? 0) - (inputUsd ?? 0)
    expect(ofAnswers(three)).toBeCloseTo(3 * ofAnswers(one), 12)
  })

  test('takes the most that the model can write where the caller bounds nothing', async () => {
    const { maxOutputTokens, mostUsd } = await open().estimate({ model: 'claude-haiku-4-5', messages })
    expect(maxOutputTokens).toBe(64_000)
    expect(mostUsd).toBeGreaterThan(0.64)
  })

  test('asked for a cheaper tier, could cost what the standard one does: it may be served so', async () => {
    const rates = { input: 1, output: 10, tiers: { flex: { multiplier: 0.5 }, priority: { multiplier: 2 } } }
    const leash = open({ prices: { 'openai/*': rates } })
    const told = async (service_tier: string) => {
      const asked = { model: 'gpt-4o-mini', max_tokens: 100, messages, service_tier }
      const { inputUsd, mostUsd } = await leash.estimate(asked)
      return { inputUsd: inputUsd ?? 0, mostUsd: mostUsd ?? 0 }
    }
    const [standard, flex, priority] = [await told('default'), await told('flex'), await told('priority')]
    expect(flex).toEqual({ inputUsd: standard.inputUsd / 2, mostUsd: standard.mostUsd })
    expect(priority.mostUsd).toBeCloseTo(2 * standard.mostUsd, 12)
    await leash.close()
  })

  test('has what the searches of the vendor’s own may cost beside the answer', async () => {
    const asked = { model: 'gpt-5', max_output_tokens: 100, input: 'Which planet has the most moons?' }
    const told = async (more: object) => {
      const { mostUsd } = await open().estimate({ ...asked, ...more }, { protocol: 'openai-responses' })
      return mostUsd ?? expect.fail()
    }
    const searching = await told({ tools: [{ type: 'web_search' }], max_tool_calls: 3 })
    expect(searching - (await told({ tools: [{ type: 'web_search' }], max_tool_calls: 1 }))).toBeCloseTo(0.02, 5)
  })

  test('says null where the price is not known, never 0', async () => {
    const told = await open().estimate({ model: 'openai/nobody-knows-it', max_tokens: 10, messages })
    expect([told.inputUsd, told.mostUsd]).toEqual([null, null])
  })

  test('follows routes', async () => {
    const leash = open({ routes: { cheap: { prefer: 'cost', targets: ['openai/gpt-4o', 'openai/gpt-4o-mini'] } } })
    expect(await leash.estimate({ model: 'cheap', messages })).toMatchObject({ model: 'gpt-4o-mini' })
  })

  test('goes to the fallback of a target that has no key', async () => {
    const providers = { ...mockProviders(mock.url), openai: {} }
    const leash = open({ providers, fallback: ['anthropic/claude-haiku-4-5'] })
    expect(await leash.estimate({ model: 'openai/gpt-4o', messages })).toMatchObject({ provider: 'anthropic' })
  })

  test.each([
    ['missing_key', { model: 'openai/gpt-4o', messages }, {}, { providers: { openai: {} } }],
    ['budget_exceeded', { model: 'claude-haiku-4-5', max_tokens: 1000, messages }, { maxCostUsd: 0.001 }, {}],
    ['invalid_config', { model: 'gpt-4o', messages }, { protocol: 'latin' }, {}],
    ['invalid_request', { model: undefined as unknown as string, messages }, {}, {}],
    ['translation_loss', { model: 'claude-haiku-4-5', seed: 1, messages }, { strict: true }, {}],
  ])('fails with %s as the call would', async (code, request, options, more) => {
    const failed = await open(more)
      .estimate(request, options)
      .catch((error: unknown) => error)
    expect(isLeashError(failed) && failed.code).toBe(code)
  })

  test('reads the other protocols', async () => {
    const request = { model: 'claude-haiku-4-5', max_tokens: 7, messages }
    expect(await open().estimate(request, { protocol: 'anthropic-messages' })).toMatchObject({ maxOutputTokens: 7 })
    const embedding = await open().estimate(
      { model: 'text-embedding-3-small', input: 'moons' },
      { protocol: 'openai-embeddings' },
    )
    expect(embedding).toMatchObject({ maxOutputTokens: 0 })
    expect(embedding.mostUsd).toBeGreaterThan(0)
  })
})

describe('a budget', () => {
  test('refuses the estimate of what it would refuse', async () => {
    const leash = open({ budgets: [{ name: 'small', limit: { usd: 0.0005 }, per: 'day' }] })
    const told = leash.estimate({ model: 'claude-haiku-4-5', max_tokens: 1000, messages })
    await expect(told).rejects.toMatchObject({ code: 'budget_exceeded' })
  })

  test('is as full after an estimate as before', async () => {
    const leash = open({ budgets: [{ name: 'daily', limit: { usd: 1, requests: 1 }, per: 'day' }] })
    for (let time = 0; time < 3; time++) await leash.estimate({ model: 'claude-haiku-4-5', max_tokens: 1000, messages })
    for (const { spent, reserved } of await leash.budgets()) expect([spent, reserved]).toEqual([0, 0])
  })
})

test('an estimate of personal data is refused where the data would be blocked', async () => {
  const leash = open({ redact: { mode: 'block' } })
  const asked = leash.estimate({ model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'Write to ada@example.com' }] })
  await expect(asked).rejects.toMatchObject({ code: 'policy_blocked' })
})

describe('a dry run', () => {
  const client = () => new LeashLLM({ apiKey: 'key', baseURL: `${mock.url}/v1`, providers: mockProviders(mock.url), prices })

  test.each(['gpt-4o-mini', 'claude-haiku-4-5'])('of %s answers nothing, and its report has the estimate', async (model) => {
    const answer = await client().chat.completions.create({ model, messages }, { leash: { dryRun: true } })
    expect(answer.choices[0]?.message.content ?? '').toBe('')
    expect(answer.leash?.estimate).toMatchObject({ model })
    expect(answer.leash?.attempts).toEqual([])
    expect(mock.requests).toHaveLength(0)
  })

  test('of a stream is a stream', async () => {
    const stream = await client().chat.completions.create(
      { model: 'gpt-4o-mini', messages, stream: true },
      { leash: { dryRun: true } },
    )
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect([text, mock.requests.length]).toEqual(['', 0])
  })

  test('of a response that goes on from what its vendor holds is no failure', async () => {
    const previous_response_id = 'resp_1'
    const { output } = await client().responses.create(
      { model: 'gpt-4o-mini', input: 'And moons?', previous_response_id },
      { leash: { dryRun: true } },
    )
    expect([output, mock.requests.length]).toEqual([[], 0])
  })

  test('of embeddings has no vectors', async () => {
    const answer = await client().embeddings.create(
      { model: 'text-embedding-3-small', input: 'moons' },
      { leash: { dryRun: true } },
    )
    expect([answer.data, mock.requests.length]).toEqual([[], 0])
  })

  test('spends nothing of a rate limit', async () => {
    const leash = open({ rateLimit: [{ limit: { requests: 1 }, per: 'hour' }] })
    const anthropic = leash.wrap(new Anthropic({ apiKey: 'key', baseURL: mock.url }))
    for (let time = 0; time < 3; time++) await leash.estimate({ model: 'claude-haiku-4-5', messages })
    const answer = await anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 10, messages })
    expect(answer.content).not.toHaveLength(0)
  })
})
