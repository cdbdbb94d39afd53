/** Budgets through the whole stack, over sockets, in every protocol. */
import { describe, expect, test } from 'vitest'
import { createLeash, type LeashOptions } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { asks, doors, send } from '../asks.js'

const mock = useMock()

function leashOf(options: LeashOptions) {
  return createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 }, ...options })
}

const usdOf = (leash: ReturnType<typeof leashOf>) => leash.usage().reduce((sum, { nano }) => sum + nano, 0) / 1e9

describe.each(doors)('through %s', (door) => {
  test.each(asks)('a budget in $protocol holds what the ledger says, streamed or not', async (ask) => {
    const leash = leashOf({ budgets: [{ limit: { usd: 10, tokens: 10_000_000, requests: 5 }, per: 'total' }] })
    for (const stream of [false, true]) {
      const answer = await send(leash, door, mock.url, ask.request('How many moons?', stream))
      expect(answer.status).toBe(200)
      await answer.text()
    }
    const states = await leash.budgets()
    const of = (unit: string) => states.find((state) => state.unit === unit)
    const { usage } = leash.usage()[0] ?? {}
    expect(of('requests')).toMatchObject({ spent: 2, reserved: 0 })
    expect(of('tokens')).toMatchObject({ spent: Object.values(usage ?? {}).reduce((a, b) => a + b, 0), reserved: 0 })
    expect(of('usd')).toMatchObject({ spent: usdOf(leash), reserved: 0 })
    expect(usdOf(leash)).toBeGreaterThan(0)
    await leash.close()
  })

  test.each(asks)('a call in $protocol that does not fit is refused with 402, and nobody is asked', async (ask) => {
    const leash = leashOf({ budgets: [{ limit: { usd: 0.000001 }, per: 'total' }] })
    const answer = await send(leash, door, mock.url, ask.request('How many moons?', false))
    expect([answer.status, answer.headers.get('x-leash-error')]).toEqual([402, 'budget_exceeded'])
    expect(mock.requests).toHaveLength(0)
    await leash.close()
  })

  test.each(asks)('an answer in $protocol is bounded to what is left', async (ask) => {
    const leash = leashOf({ budgets: [{ limit: { tokens: 4000 }, per: 'total', action: 'cap' }] })
    const answer = await send(leash, door, mock.url, ask.request('How many moons?', false))
    expect(answer.status).toBe(200)
    await answer.text()
    const sent = JSON.stringify(mock.requests[0]?.body)
    expect(sent).toMatch(/"(max_completion_tokens|max_tokens|max_output_tokens|maxOutputTokens|maxTokens)":\d{2,4}\b/)
    await leash.close()
  })
})
