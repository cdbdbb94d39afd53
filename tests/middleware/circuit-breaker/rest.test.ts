/** A vendor that refuses and says for how long, over real sockets. */
import { expect, test } from 'vitest'
import { createLeash } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'

const mock = useMock()

test.each([429, 503, 529])(
  'a target that refuses with %i and a Retry-After is not asked again while there is another',
  async (status) => {
    const leash = createLeash({
      providers: mockProviders(mock.url),
      fallback: ['groq/llama-3.3-70b'],
      retry: { attempts: 2, backoff: () => 1 },
    })
    mock.script({ status, retryAfter: 90 })
    for (const stream of [false, true, false, true]) {
      const body = JSON.stringify({
        model: 'anthropic/claude-haiku-4-5',
        stream,
        messages: [{ role: 'user', content: 'one two' }],
      })
      const answer = await leash.handle(new Request('http://leash/v1/chat/completions', { method: 'POST', body }))
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('two')])
    }
    expect(mock.requests.filter(({ path }) => path.endsWith('/messages'))).toHaveLength(1)
    await leash.close()
  },
)
