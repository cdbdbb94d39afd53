/** Routes through a whole leash, over sockets. */
import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { LeashLLM, type LeashLLMOptions, reportOf } from '../../../src/index.js'
import { createLeash, type ExperimentState } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'

const mock = useMock()
const messages = [{ role: 'user' as const, content: 'one two three' }]
const picture = 'data:image/png;base64,iVBORw0KGgo='

function client(options: LeashLLMOptions): LeashLLM {
  return new LeashLLM({
    apiKey: 'test',
    baseURL: `${mock.url}/v1`,
    providers: mockProviders(mock.url),
    maxRetries: 0,
    ...options,
  })
}

const asked = () => mock.requests.map(({ model }) => model)

describe('a route with several targets', () => {
  const routes = { smart: { targets: ['anthropic/claude-haiku-4-5', 'openai/gpt-4o-mini'] } }

  test('is asked for as a model, and the report says what became of it', async () => {
    const { leash } = await client({ routes }).chat.completions.create({ model: 'smart', messages })
    expect(leash).toMatchObject({
      provider: 'anthropic',
      model: 'claude-haiku-4-5',
      route: { name: 'smart', target: 'anthropic/claude-haiku-4-5', why: 'the first, of 2' },
    })
    expect(asked()).toEqual(['claude-haiku-4-5'])
  })

  test('serves streams', async () => {
    const stream = await client({ routes }).chat.completions.create({ model: 'smart', messages, stream: true })
    for await (const _ of stream);
    expect(await reportOf(stream)).toMatchObject({ route: { target: 'anthropic/claude-haiku-4-5' }, ended: true })
  })

  test('serves other SDKs, and callers over HTTP', async () => {
    const leash = createLeash({ providers: mockProviders(mock.url), routes })
    const wrapped = leash.wrap(new Anthropic({ apiKey: 'test', baseURL: mock.url, maxRetries: 0 }))
    expect(await wrapped.messages.create({ model: 'smart', max_tokens: 50, messages })).toMatchObject({ role: 'assistant' })
    const body = JSON.stringify({ model: 'smart', messages })
    const response = await leash.handle(new Request('http://leash/v1/chat/completions', { method: 'POST', body }))
    expect(response.status).toBe(200)
    expect(asked()).toEqual(['claude-haiku-4-5', 'claude-haiku-4-5'])
  })

  test('passes over a target without a key', async () => {
    const providers = { openai: mockProviders(mock.url).openai }
    const { leash } = await client({ routes, providers }).chat.completions.create({ model: 'smart', messages })
    expect(leash?.route).toMatchObject({ target: 'openai/gpt-4o-mini', why: expect.stringContaining('it is not ready') })
  })

  test('without any key says which to set', async () => {
    const bare = createLeash({ routes })
    const body = JSON.stringify({ model: 'smart', messages })
    const response = await bare.handle(new Request('http://leash/v1/chat/completions', { method: 'POST', body }))
    expect([response.status, (await response.json()).error.message]).toEqual([401, expect.stringContaining('ANTHROPIC_API_KEY')])
  })

  test('passes over a model that is known to see no pictures', async () => {
    const blind = { eyes: { targets: ['mistral/codestral-latest', 'openai/gpt-4o-mini'] } }
    const content = [{ type: 'image_url' as const, image_url: { url: picture } }]
    const options = { model: 'eyes', messages: [{ role: 'user' as const, content }] }
    const { leash } = await client({ routes: blind }).chat.completions.create(options)
    expect(leash?.route?.why).toBe(
      'the first, and the only one of 2 that can take the call; passed over mistral/codestral-latest (takes no images)',
    )
  })

  test('takes the cheaper one by the known prices', async () => {
    const cheap = { cheap: { targets: ['anthropic/claude-opus-4-5', 'openai/gpt-4o-mini'], prefer: 'cost' as const } }
    const { leash } = await client({ routes: cheap }).chat.completions.create({ model: 'cheap', messages })
    expect(leash?.route).toMatchObject({
      target: 'openai/gpt-4o-mini',
      why: expect.stringMatching(/^the lowest cost, about \$0\.0/),
    })
  })

  test('with `fallback` goes on to its others', async () => {
    mock.script({ status: 500, when: ({ model }) => model === 'claude-haiku-4-5' })
    const falling = { smart: { ...routes.smart, fallback: true } }
    const { leash } = await client({ routes: falling }).chat.completions.create({ model: 'smart', messages })
    expect(leash).toMatchObject({
      provider: 'openai',
      route: { target: 'anthropic/claude-haiku-4-5' },
      moves: [{ to: expect.stringMatching(/^openai\/gpt-4o-mini/) }],
    })
    const staying = client({ routes }).chat.completions.create({ model: 'smart', messages })
    await expect(staying).rejects.toMatchObject({ status: 500 })
  })

  test('goes with the key of the SDK that asked, where one of its targets lives there', async () => {
    const here = { mine: { targets: ['openai/gpt-4o', 'openai/gpt-4o-mini'], sticky: 'user' as const } }
    const openai = new LeashLLM({ apiKey: 'callers-own', baseURL: `${mock.url}/v1`, routes: here })
    await openai.chat.completions.create({ model: 'mine', messages })
    expect(mock.requests[0]?.headers.authorization).toBe('Bearer callers-own')
    expect(mock.requests[0]?.body).toMatchObject({ model: expect.stringMatching(/^gpt-4o/) })
  })
})

describe('maxCostUsd', () => {
  test('refuses before anything is sent, with the class that OpenAI has for it', async () => {
    const openai = client({})
    const dear = openai.chat.completions.create(
      { model: 'gpt-4o', messages, max_tokens: 1000 },
      { leash: { maxCostUsd: 0.0001 } },
    )
    await expect(dear).rejects.toMatchObject({ status: 402, code: 'budget_exceeded' })
    expect(mock.requests).toEqual([])
    const cheap = await openai.chat.completions.create(
      { model: 'gpt-4o', messages, max_tokens: 10 },
      { leash: { maxCostUsd: 0.01 } },
    )
    expect(cheap.choices).toHaveLength(1)
  })

  test('may stand in the options, and a call’s own wins', async () => {
    const openai = client({ maxCostUsd: 0.0001 })
    const params = { model: 'gpt-4o', messages, max_tokens: 1000 }
    await expect(openai.chat.completions.create(params)).rejects.toMatchObject({ status: 402 })
    await openai.chat.completions.create(params, { leash: { maxCostUsd: 1 } })
    expect(asked()).toEqual(['gpt-4o'])
  })
})

describe('an experiment', () => {
  test('deals users by weight, measures, takes scores and tells its winner', async () => {
    const openai = client({
      routes: {
        writer: {
          targets: ['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5'],
          sticky: 'user',
          experiment: { name: 'writers', goal: 'score', minimumSample: 5, automatic: true },
        },
      },
    })
    const heard: ExperimentState[] = []
    openai.leash.on('experiment', (state) => heard.push(state))
    const targetOf = new Map<string, string | undefined>()
    for (let at = 0; at < 20; at++) {
      const user = `user-${at % 10}`
      const { leash } = await openai.chat.completions.create({ model: 'writer', messages }, { leash: { user } })
      expect(targetOf.get(user) ?? leash?.provider).toBe(leash?.provider)
      targetOf.set(user, leash?.provider)
      if (leash) openai.leash.score(leash, leash.provider === 'openai' ? 5 : 1)
      if (heard.length > 0) break
    }
    expect(heard).toMatchObject([{ name: 'writers', winner: 'openai/gpt-4o-mini' }])
    expect(await openai.leash.experiments()).toMatchObject([
      { route: 'writer', winner: 'openai/gpt-4o-mini', variants: [{ share: 0.5, score: { mean: 5 } }, { score: { mean: 1 } }] },
    ])
    const loser = [...targetOf].find(([, provider]) => provider === 'anthropic')?.[0] ?? ''
    const { leash } = await openai.chat.completions.create({ model: 'writer', messages }, { leash: { user: loser } })
    expect(leash?.route?.why).toBe('the winner of the experiment "writers", of 2')
  })

  test('keeps what it has learnt when a layer is added', async () => {
    const openai = client({ routes: { it: { targets: ['openai/gpt-4o', 'openai/gpt-4o-mini'], experiment: {} } } })
    await openai.chat.completions.create({ model: 'it', messages })
    openai.leash.use((next) => next)
    await openai.chat.completions.create({ model: 'it', messages })
    const [state] = await openai.leash.experiments()
    expect(state?.variants.reduce((sum, { calls }) => sum + calls, 0)).toBe(2)
  })

  test('is readable before its first call, and takes no score for a call it never saw', async () => {
    const openai = client({ routes: { it: { targets: ['openai/a', 'openai/b'], experiment: {} } } })
    expect(openai.leash.score('call_nowhere', 1)).toBe(false)
    expect(await openai.leash.experiments()).toMatchObject([{ name: 'it', variants: [{ calls: 0 }, { calls: 0 }] }])
    expect(await client({}).leash.experiments()).toEqual([])
  })
})
