import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LeashLLM } from '../src/index.js'

/** Many teams intercept their traffic with msw: it must see ours, and see it as the vendor would. */
const seen: Request[] = []
const server = setupServer(
  http.post('https://api.anthropic.com/v1/messages', ({ request }) => {
    seen.push(request)
    return HttpResponse.json({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5-5',
      content: [{ type: 'text', text: 'Hello from msw.' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 4 },
    })
  }),
)

beforeAll(() => server.listen())
afterAll(() => server.close())

it('goes through a fetch that is patched after the client was made', async () => {
  const client = new LeashLLM({ apiKey: 'none', providers: { anthropic: { apiKey: 'secret' } } })
  const answer = await client.chat.completions.create({
    model: 'claude-sonnet-5-5',
    messages: [{ role: 'user', content: 'Hello' }],
  })
  expect(answer.choices[0]?.message.content).toBe('Hello from msw.')
  expect(seen.map(({ headers }) => headers.get('x-api-key'))).toEqual(['secret'])
})
