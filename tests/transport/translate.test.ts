/** Streams that cross protocols, and callers who leave them. */
import { expect, test } from 'vitest'
import { createLeash, type Report } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'

const mock = useMock()

/** The body of a stream that Claude answers and that a caller of OpenAI's reads, and what is told of it. */
async function stream() {
  const leash = createLeash({ providers: mockProviders(mock.url) })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const { body } = await leash.fetch(`${mock.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'anthropic/claude-haiku-4-5',
      stream: true,
      messages: [{ role: 'user', content: 'one two three four' }],
    }),
  })
  if (!body) throw new Error('There is no body.')
  return { body, reports }
}

async function isLeft(reports: readonly Report[]) {
  await until(() => reports.length > 0 && mock.requests[0]?.outcome !== 'pending')
  expect(reports[0]?.attempts).toMatchObject([{ outcome: 'cancelled' }])
  expect(mock.requests).toMatchObject([{ outcome: 'aborted' }])
}

test('a stream that is left before its first byte was read is not read on', async () => {
  mock.script({ hang: { afterEvents: 4 } })
  const { body, reports } = await stream()
  await body.cancel()
  await isLeft(reports)
})

test('a stream that is left while it waits for the vendor is left at once', async () => {
  mock.script({ hang: { afterEvents: 4 } })
  const { body, reports } = await stream()
  const iterator = body[Symbol.asyncIterator]()
  const read: Promise<unknown>[] = []
  // More than there is: the last of them waits for a vendor that has fallen silent.
  for (let count = 0; count < 20; count++) read.push(iterator.next().catch(() => {}))
  await read[0]
  await iterator.return?.()
  await isLeft(reports)
})

test.each([false, true])('calls that a server numbers anew in each answer are told apart, streamed: %s', async (stream) => {
  const delta = {
    tool_calls: [0, 1].map((index) => ({ index, id: `call_${index}`, function: { name: 'look', arguments: '{}' } })),
  }
  const choice = { index: 0, finish_reason: 'tool_calls' }
  const body = stream
    ? `data: ${JSON.stringify({ id: 'x', choices: [{ ...choice, delta }] })}\n\ndata: [DONE]\n\n`
    : JSON.stringify({ id: 'x', choices: [{ ...choice, message: delta }] })
  const leash = createLeash({
    providers: { local: { baseURL: 'http://local.test/v1', apiKey: 'key' } },
    fetch: async () => new Response(body, { headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' } }),
  })
  const call = { role: 'assistant', content: [{ type: 'tool_use', id: 'call_0', name: 'look', input: {} }] }
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_0', content: 'seen' }] }
  const messages = [{ role: 'user', content: 'Look' }, call, result]
  const request = { model: 'local/model', max_tokens: 9, stream, messages }
  const response = await leash.handle(new Request('http://host/v1/messages', { method: 'POST', body: JSON.stringify(request) }))
  expect((await response.text()).match(/"call_\w+"/g)).toEqual(['"call_0_2"', '"call_1"'])
})
