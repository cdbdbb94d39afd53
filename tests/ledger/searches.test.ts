/** Searches of the web by the vendor's own tool: each has a price, beside the tokens of what it found. */
import { describe, expect, test } from 'vitest'
import { total } from '../../src/core/usage.js'
import type { LeashOptions } from '../../src/leash.js'
import { useNoKeys } from '../helpers/mock.js'
import { recordings, wireBody } from '../helpers/recorded.js'
import { booked, type Words } from './booked.js'

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

async function feesOf(answer: string, words: Words, own: LeashOptions['prices'] = prices) {
  const { searches, cost, usage, warnings } = await booked(model, answer, words, { prices: own })
  return { searches, fees: cost === null ? null : cost - total(usage) * 1000, warnings }
}

describe.each(['messages', 'chat', 'responses'] as const)('to a caller in the words of %s', (words) => {
  test.each([
    ['whole', whole],
    ['streamed', streamed],
  ])('an answer that is %s costs what its searches cost beside its tokens', async (_, answer) => {
    expect(await feesOf(answer, words)).toEqual({ searches: 2, fees: 20_000_000, warnings: [] })
  })
})

test('the cost is not known where the price of a search is not', async () => {
  const { fees, warnings } = await feesOf(whole, 'messages', { [model]: { input: 1, output: 1 } })
  expect(fees).toBeNull()
  expect(warnings).toEqual([expect.stringContaining('`search`')])
})

test('where it is the price of the tokens that is not known, it is told so', async () => {
  const dearer = whole.replace('"input_tokens"', '"service_tier":"priority","input_tokens"')
  const { fees, warnings } = await feesOf(dearer, 'messages')
  expect(fees).toBeNull()
  expect(warnings).toEqual([expect.stringMatching(/^The price of /)])
})
