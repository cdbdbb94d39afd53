/** Searches of the web by the vendor's own tool: each has a price, beside the tokens of what it found. */
import { expect, test } from 'vitest'
import { createLeash, type LeashOptions, type LedgerLine } from '../../src/leash.js'
import { useNoKeys } from '../helpers/mock.js'
import { recordings, wireBody } from '../helpers/recorded.js'

useNoKeys()

/** Claude has searched twice. */
const stream = wireBody(
  recordings('anthropic-messages').find(({ file }) => file.includes('web-search-tool-stream')) ?? expect.fail(),
)
const whole = JSON.stringify({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5', stop_reason: 'end_turn', stop_sequence: null },
  content: [{ type: 'text', text: 'Hi' }],
  usage: { input_tokens: 10, output_tokens: 5, server_tool_use: { web_search_requests: 2 } },
})
const model = 'anthropic/claude-sonnet-5'
const prices = { [model]: { input: 1, output: 1, search: '0.01' } } as const

async function booked(body: string, url: string, options: LeashOptions = { prices }) {
  const lines: LedgerLine[] = []
  const warnings: string[] = []
  const streamed = !body.startsWith('{')
  const leash = createLeash({
    providers: { anthropic: { apiKey: 'k' }, openai: { apiKey: 'k' } },
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => new Response(body, { headers: { 'content-type': streamed ? 'text/event-stream' : 'application/json' } }),
    ...options,
  })
  leash.on('warning', ({ message }) => warnings.push(message))
  const asked = { model, stream: streamed, max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
  await (await leash.fetch(url, { method: 'POST', headers: { authorization: 'Bearer k' }, body: JSON.stringify(asked) })).text()
  await leash.close()
  const { searches, cost, usage } = lines[0] ?? expect.fail()
  const tokens = usage.input + usage.output + usage.reasoning
  return { searches, fees: cost === null ? null : cost - tokens * 1000, warnings }
}

test.each([
  ['whole', 'as it came', whole, 'https://api.anthropic.com/v1/messages'],
  ['whole', 'translated', whole, 'https://api.openai.com/v1/chat/completions'],
  ['streamed', 'as it came', stream, 'https://api.anthropic.com/v1/messages'],
  ['streamed', 'translated', stream, 'https://api.openai.com/v1/chat/completions'],
])('an answer that is %s, %s, costs what its searches cost beside its tokens', async (_, __, body, url) => {
  expect(await booked(body, url)).toEqual({ searches: 2, fees: 20_000_000, warnings: [] })
})

test('the cost is not known where the price of a search is not', async () => {
  const { fees, warnings } = await booked(whole, 'https://api.anthropic.com/v1/messages', {
    prices: { [model]: { input: 1, output: 1 } },
  })
  expect(fees).toBeNull()
  expect(warnings).toEqual([expect.stringContaining('`search`')])
})
