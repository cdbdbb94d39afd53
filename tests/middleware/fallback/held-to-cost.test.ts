/** What a call may cost holds over all of its attempts, and not for each by itself. */
import { describe, expect, test } from 'vitest'
import type { LeashOptions } from '../../../src/leash.js'
import { create, leashed } from '../../client/client.js'
import { useMock } from '../../helpers/mock.js'

const mock = useMock()
const model = 'claude-haiku-4-5'
/** Some 6000 tokens, which are paid for also when the answer is of no use. */
const content = 'Hello there '.repeat(2000)
/** In US dollars, and hardly more: those tokens at the price of a cache's, and an answer of a thousand. */
const forOne = 0.0135
const ask = (maxCostUsd: number, options: LeashOptions) => {
  const { chat } = leashed(mock, { maxCostUsd, ...options } as object)
  return chat.completions.create({ model, max_tokens: 1000, messages: [{ role: 'user', content }] })
}

describe('a retry', () => {
  const retry = { attempts: 4, backoff: () => 0 }

  test('that could bring the call beyond its `maxCostUsd` is not made, and the error says so', async () => {
    mock.script({ body: 'no JSON', times: 3 })
    await expect(ask(forOne, { retry })).rejects.toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringMatching(/was not asked: it could bring the call to .* and `maxCostUsd` is /),
    })
    expect(mock.requests).toHaveLength(1)
  })

  test('is made as long as there is enough', async () => {
    mock.script({ body: 'no JSON', times: 3 })
    await ask(10 * forOne, { retry })
    expect(mock.requests).toHaveLength(4)
  })
})

describe('a second attempt beside a late one', () => {
  const late = { latencyMs: 100, times: 1 }
  const hedge = { delayMs: 5, maxShare: 1 }

  test('is not made where both together could cost more', async () => {
    mock.script(late)
    await ask(1.5 * forOne, { hedge })
    expect(mock.requests).toHaveLength(1)
  })

  test('is made where both may', async () => {
    mock.script(late)
    await ask(3 * forOne, { hedge })
    expect(mock.requests).toHaveLength(2)
  })
})

test('a call without `maxCostUsd` is not looked at', async () => {
  mock.script({ body: 'no JSON', times: 1 })
  await create(leashed(mock), model)
  expect(mock.requests).toHaveLength(2)
})
