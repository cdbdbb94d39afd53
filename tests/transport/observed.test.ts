/** A stream that passes through, in pieces that no server would be sure to send. */
import { expect, test } from 'vitest'
import { createLeash } from '../../src/leash.js'
import { pieces } from '../helpers/decode.js'

const event = (index: number, delta: object, finish_reason: string | null = null) => ({
  choices: [{ index, delta, logprobs: null, finish_reason }],
})
const told = [
  event(0, { role: 'assistant', content: 'One' }),
  event(0, {}, 'stop'),
  event(1, { role: 'assistant', content: 'Two' }),
  event(1, { content: ', and more' }),
  event(1, {}, 'stop'),
]
const written = (events: readonly object[]) =>
  events
    .map((more) => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4o', ...more })}\n\n`)
    .join('')
const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }
const end = 'data: [DONE]\n\n'
const answer = new TextEncoder().encode(written([...told, usage]) + end)

function cut(size: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces(answer, size)) controller.enqueue(piece)
      controller.close()
    },
  })
}

test('answers that end one after the other come in order and without the usage, wherever the stream is cut', async () => {
  let size = 1
  const leash = createLeash({
    fetch: async () => new Response(cut(size), { headers: { 'content-type': 'text/event-stream' } }),
  })
  const init = {
    method: 'POST',
    headers: { authorization: 'Bearer k' },
    body: JSON.stringify({ model: 'gpt-4o', n: 2, stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  }
  for (; size <= answer.length; size++) {
    const response = await leash.fetch('https://api.openai.com/v1/chat/completions', init)
    expect([size, await response.text()]).toEqual([size, written(told) + end])
  }
})
