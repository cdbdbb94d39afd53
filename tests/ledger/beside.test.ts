/** A vendor that asks another model by itself, for the same answer. */
import { describe, expect, test } from 'vitest'
import { usageOf } from '../../src/core/usage.js'
import { createLeash, type LeashOptions, type LedgerLine } from '../../src/leash.js'
import { recordings, wireBody } from '../helpers/recorded.js'

const recording = recordings('anthropic-messages').find(({ file }) => file.includes('advisor-tool-stream')) ?? expect.fail()

/** Sonnet asks Opus; dollars for a million tokens. */
const prices: NonNullable<LeashOptions['prices']> = {
  'anthropic/claude-sonnet-5': { input: 1, output: 10 },
  'anthropic/claude-opus-4-8': { input: 5, output: 50 },
}

const messages = [{ role: 'user', content: "What's 2+2? Consult your advisor first." }]
const lanes = {
  'as it came': ['https://api.anthropic.com/v1/messages', { max_tokens: 500 }],
  translated: ['https://api.openai.com/v1/chat/completions', {}],
} as const

async function lineOf(lane: keyof typeof lanes, options: LeashOptions = {}, warnings: string[] = []): Promise<LedgerLine> {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: { anthropic: { apiKey: 'k' }, openai: { apiKey: 'k' } },
    prices,
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => new Response(wireBody(recording), { headers: { 'content-type': 'text/event-stream' } }),
    ...options,
  })
  leash.on('warning', ({ message }) => warnings.push(message))
  const [url, more] = lanes[lane]
  const body = JSON.stringify({ model: 'anthropic/claude-sonnet-5', stream: true, messages, ...more })
  await (await leash.fetch(url, { method: 'POST', headers: { authorization: 'Bearer k' }, body })).text()
  await leash.close()
  return lines[0] ?? expect.fail()
}

describe.each(['as it came', 'translated'] as const)('an answer for which an advisor was asked, %s', (lane) => {
  test('has the tokens of both, each at the price of its own model', async () => {
    expect(await lineOf(lane)).toMatchObject({
      usage: usageOf({ input: 2411 + 2543, output: 145 - 47 + 18, reasoning: 47 }),
      cost: (2411 + 145 * 10) * 1000 + (2543 * 5 + 18 * 50) * 1000,
      basis: 'complete',
    })
  })

  test('has no known cost where that of the advisor is not known, and says whose that is', async () => {
    const unknown = { ...prices, 'anthropic/claude-opus-4-8': { unknown: true } } as const
    const warnings: string[] = []
    expect((await lineOf(lane, { prices: unknown }, warnings)).cost).toBeNull()
    expect(warnings).toEqual([expect.stringContaining('"anthropic/claude-opus-4-8"')])
  })
})
