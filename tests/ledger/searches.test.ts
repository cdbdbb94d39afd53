/** Searches of the web by the vendor's own tool: each has a price, beside the tokens of what it found. */
import { describe, expect, test } from 'vitest'
import { total } from '../../src/core/usage.js'
import { createLeash, type LeashOptions, type LedgerLine } from '../../src/leash.js'
import { useNoKeys } from '../helpers/mock.js'
import { recordings, wireBody } from '../helpers/recorded.js'

useNoKeys()

/** Claude has searched twice. */
const streamed = wireBody(
  recordings('anthropic-messages').find(({ file }) => file.includes('web-search-tool-stream')) ?? expect.fail(),
)
const whole = JSON.stringify({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5', stop_reason: 'end_turn', stop_sequence: null },
  content: [{ type: 'text', text: 'Hi' }],
  usage: { input_tokens: 10, output_tokens: 5, server_tool_use: { web_search_requests: 2 } },
})
const model = 'anthropic/claude-sonnet-5'
const prices = { [model]: { input: 1, output: 1, search: '0.01' } } as const

const asked = {
  messages: ['https://api.anthropic.com/v1/messages', { max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }],
  chat: ['https://api.openai.com/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  responses: ['https://api.openai.com/v1/responses', { input: 'Hi' }],
} as const

/** A call in some vendor's words to Claude, who answers so. */
async function booked(answer: string, words: keyof typeof asked, options: LeashOptions = { prices }) {
  const lines: LedgerLine[] = []
  const warnings: string[] = []
  const stream = !answer.startsWith('{')
  const leash = createLeash({
    providers: { anthropic: { apiKey: 'k' }, openai: { apiKey: 'k' } },
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => new Response(answer, { headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' } }),
    ...options,
  })
  leash.on('warning', ({ message }) => warnings.push(message))
  const [url, said] = asked[words]
  const body = JSON.stringify({ model, stream, ...said })
  await (await leash.fetch(url, { method: 'POST', headers: { authorization: 'Bearer k' }, body })).text()
  await leash.close()
  const { searches, cost, usage } = lines[0] ?? expect.fail()
  return { searches, fees: cost === null ? null : cost - total(usage) * 1000, warnings }
}

describe.each(['messages', 'chat', 'responses'] as const)('to a caller in the words of %s', (words) => {
  test.each([
    ['whole', whole],
    ['streamed', streamed],
  ])('an answer that is %s costs what its searches cost beside its tokens', async (_, answer) => {
    expect(await booked(answer, words)).toEqual({ searches: 2, fees: 20_000_000, warnings: [] })
  })
})

test('the cost is not known where the price of a search is not', async () => {
  const { fees, warnings } = await booked(whole, 'messages', { prices: { [model]: { input: 1, output: 1 } } })
  expect(fees).toBeNull()
  expect(warnings).toEqual([expect.stringContaining('`search`')])
})
