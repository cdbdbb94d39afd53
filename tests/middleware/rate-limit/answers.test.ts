/** What a limit leaves of an answer: all of it. */
import { describe, expect, test } from 'vitest'
import { createLeash } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { asks, doors, send } from '../asks.js'

const mock = useMock()

describe.each(doors)('by %s', (door) => {
  test.each(asks)('an answer under a limit can be read as JSON and as text, by layers too: $protocol', async ({ request }) => {
    const seen: unknown[] = []
    const leash = createLeash({
      providers: mockProviders(mock.url),
      rateLimit: [{ limit: { requests: 10, tokens: 100_000 }, per: 'minute' }],
    })
    const ask = () => send(leash, door, mock.url, request('one two three', false))
    const answers = [await (await ask()).json(), JSON.parse(await (await ask()).text()), await (await ask()).clone().json()]
    for (const answer of answers) expect(JSON.stringify(answer)).toContain('three')
    leash.use((next) => async (call) => {
      const result = await next(call)
      if (!result.stream) seen.push(result.body)
      return result
    })
    expect(await (await ask()).json()).toEqual(seen[0])
  })
})
