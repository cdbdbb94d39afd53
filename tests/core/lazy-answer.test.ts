import { describe, expect, test } from 'vitest'
import type { Result } from '../../src/core/call.js'
import { LazyAnswer } from '../../src/core/lazy-answer.js'
import { createLeash, type LeashOptions } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

const mock = useMock()

test('is parsed once, when somebody reads its body', () => {
  let parsed = 0
  const answer = new LazyAnswer({ status: 200, headers: new Headers() }, '{"a":1}', (text) => {
    parsed++
    return JSON.parse(text)
  })
  expect([answer.text, parsed]).toEqual(['{"a":1}', 0])
  expect([answer.body, answer.body, parsed]).toEqual([{ a: 1 }, { a: 1 }, 1])
})

test('a copy has its body, and no text that a new body would contradict', () => {
  const answer = new LazyAnswer({ status: 200, headers: new Headers() }, '{"a":1}', (text) => JSON.parse(text))
  expect({ ...answer }).toEqual({ stream: false, status: 200, headers: expect.any(Headers), body: { a: 1 } })
  expect({ ...answer, body: 2 }).toEqual({ stream: false, status: 200, headers: expect.any(Headers), body: 2 })
  expect(Object.assign({}, answer)).toHaveProperty('body')
})

/** Where a layer of a user's may get its result from. */
const sources: [string, LeashOptions][] = [
  ['the vendor', {}],
  ['a cache', { cache: true }],
  ['an identical call', { coalesce: true }],
]

describe.each(sources)('a layer that gets its result from %s', (_, options) => {
  const layered = (change: (result: Result) => Result) =>
    createLeash({
      providers: mockProviders(mock.url),
      ...options,
      use: [(next) => async (call) => change(await next(call))],
    })

  test.each(asks)('may copy it, and the caller gets all of it: $protocol', async (ask) => {
    const leash = layered((result) => ({ ...result }))
    const request = ask.request('How many moons?', false)
    const answers = async () => (await send(leash, 'fetch', mock.url, request)).json()
    const [first, second] = await Promise.all([answers(), answers()])
    expect(first).toMatchObject(options.coalesce ? second : {})
    expect(JSON.stringify(first)).toContain('moons')
    expect(JSON.stringify(await answers())).toContain('moons')
    await leash.close()
  })

  test.each(asks)('may put another body in its place: $protocol', async (ask) => {
    const leash = layered((result) => (result.stream ? result : { ...result, body: { replaced: true } }))
    for (const door of ['fetch', 'handle', 'fetch'] as const) {
      const answer = await send(leash, door, mock.url, ask.request('How many moons?', false))
      expect(await answer.text()).toBe('{"replaced":true}')
    }
    await leash.close()
  })
})
