/** Where the vendor told no usage, or not all of it: how near the estimate comes to what was sent. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { inputTotal, outputTotal } from '../../src/core/usage.js'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { type Ask, asks, send } from '../middleware/asks.js'

const mock = useMock()

/** The mock says it back. */
const text = Array.from({ length: 120 }, (_, word) => `word${word}`).join(' ')

describe.each(asks)('a stream in $protocol', (ask) => {
  async function lineOf(cut?: number): Promise<LedgerLine> {
    const lines: LedgerLine[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      retry: false,
      ledger: { sink: (more) => void lines.push(...more) },
    })
    if (cut !== undefined) mock.script({ cutAfter: { events: cut } })
    const answer = await send(leash, 'fetch', mock.url, ask.request(text, true))
    await answer.arrayBuffer().catch(() => {})
    await until(() => lines.length === 1)
    await leash.close()
    return lines[0] ?? expect.fail()
  }

  // The mock puts a word and a half into an event, about two tokens.
  test('that is cut is charged for what came of it, and not for what its events have beside', async () => {
    const whole = await lineOf()
    expect(whole.basis).toBe('complete')
    const most = outputTotal(whole.usage)
    for (const events of [12, 25, 40]) {
      const line = await lineOf(events)
      expect(line).toMatchObject({ basis: 'estimated', outcome: 'error' })
      const written = outputTotal(line.usage)
      expect(written).toBeGreaterThan(Math.min(0.9 * events, 0.9 * most))
      expect(written).toBeLessThanOrEqual(Math.min(2.1 * events, most))
    }
  })
})

/** @param change of the vendor's answer on its way */
async function lineOf(request: ReturnType<Ask['request']>, change = (answer: JsonObject) => answer): Promise<LedgerLine> {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: mockProviders(mock.url),
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async (url, init) => Response.json(change(await (await fetch(url, init)).json())),
  })
  await (await send(leash, 'fetch', mock.url, request)).arrayBuffer()
  await leash.close()
  return lines[0] ?? expect.fail()
}

describe.each(asks)('a whole answer in $protocol', (ask) => {
  test('whose vendor tells no usage is charged for its text', async () => {
    const { usage } = await lineOf(ask.request(text, false))
    const line = await lineOf(ask.request(text, false), ({ usage: _, usageMetadata: __, ...rest }) => rest)
    expect(line).toMatchObject({ basis: 'estimated', outcome: 'ok' })
    expect(line.usage.output).toBeGreaterThan(0.7 * usage.output)
    expect(line.usage.output).toBeLessThanOrEqual(usage.output)
  })
})

/** The bytes of an answer with another number in the place of each that its usage tells. */
async function retold(response: Response, tokens: number): Promise<Response> {
  const text = await response.text()
  return new Response(text.replace(/("\w*(?:_tokens|TokenCount)"):\s*\d+/g, `$1:${tokens}`), response)
}

/** The line of a call whose vendor tells so many tokens of every kind. */
async function retoldLine(request: ReturnType<Ask['request']>, tokens: number): Promise<LedgerLine> {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: mockProviders(mock.url),
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async (url, init) => retold(await fetch(url, init), tokens),
  })
  await (await send(leash, 'fetch', mock.url, request)).arrayBuffer()
  await leash.close()
  return lines[0] ?? expect.fail()
}

// Events of Bedrock have a checksum.
describe.each(asks.filter(({ protocol }) => protocol !== 'bedrock-converse'))('an answer in $protocol', (ask) => {
  test.each([
    ['all zeros', false, 0],
    ['all zeros', true, 0],
    ['more than anybody can have used', false, 1e12],
    ['more than anybody can have used', true, 1e12],
  ])('whose vendor tells %s is charged for its request and its text, streamed: %s', async (_, stream, tokens) => {
    const { usage } = await lineOf(ask.request(text, false))
    const line = await retoldLine(ask.request(text, stream), tokens)
    expect(line).toMatchObject({ basis: 'estimated', outcome: 'ok' })
    expect(inputTotal(line.usage)).toBeGreaterThan(0.4 * inputTotal(usage))
    expect(outputTotal(line.usage)).toBeGreaterThan(0.6 * outputTotal(usage))
    expect(outputTotal(line.usage)).toBeLessThanOrEqual(1.3 * outputTotal(usage))
    expect(line.cost).toBeGreaterThan(0)
  })
})

describe('zeros are believed', () => {
  const nothing = { basis: 'complete', usage: { input: 0, output: 0 }, cost: 0 }

  test('of an answer that says nothing', async () => {
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    const choices = [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }]
    const line = await lineOf(asks[0]?.request(text, false) ?? expect.fail(), (answer) => ({ ...answer, choices, usage }))
    expect(line).toMatchObject(nothing)
  })

  test('of embeddings', async () => {
    const request = { path: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: text } }
    expect(await retoldLine(request, 0)).toMatchObject(nothing)
  })

  test('of Bedrock, where a guardrail has answered and no model', async () => {
    const request = asks.find(({ protocol }) => protocol === 'bedrock-converse')?.request(text, false) ?? expect.fail()
    const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
    const line = await lineOf(request, (answer) => ({ ...answer, stopReason: 'guardrail_intervened', usage }))
    expect(line).toMatchObject(nothing)
  })
})

test('a response that is not made yet is charged for its request alone, and not for the echo of it', async () => {
  const body = { model: 'gpt-5', input: 'Hello', instructions: text }
  const line = await lineOf({ path: '/v1/responses', body }, (answer) => ({
    ...answer,
    status: 'queued',
    output: [],
    usage: null,
    instructions: text,
  }))
  expect(line).toMatchObject({ basis: 'estimated', usage: { output: 0 } })
})
