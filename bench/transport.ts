/** Upstreams in memory: each call gets a fresh `Response`, as `fetch` would give one. */

const headers = {
  'content-type': 'application/json',
  'x-request-id': 'req_0123456789abcdef',
  'openai-organization': 'bench',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-requests': '9999',
  date: 'Sat, 21 Nov 2026 10:00:00 GMT',
}

const usage = { prompt_tokens: 12, completion_tokens: 100, total_tokens: 112, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } }
const base = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'gpt-4o-mini-2024-07-18', system_fingerprint: 'fp_bench' }

const answer = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'word '.repeat(100), refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage,
})

const chunk = (delta: object, finish_reason: string | null = null) => ({
  ...base,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
})

/** A hundred words, each in a network chunk of its own. */
const events = [
  chunk({ role: 'assistant', content: '', refusal: null }),
  ...Array.from({ length: 100 }, (_, i) => chunk({ content: `word${i} ` })),
  chunk({}, 'stop'),
].map((event) => `data: ${JSON.stringify(event)}\n\n`)

const encoder = new TextEncoder()
const pieces = [...events, 'data: [DONE]\n\n'].map((event) => encoder.encode(event))
const usagePiece = encoder.encode(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\n`)
const piecesWithUsage = [...pieces.slice(0, -1), usagePiece, ...pieces.slice(-1)]

/** Answers chat completions, whole or streamed, and says the usage of a stream when it is asked for, as OpenAI does. */
export const inMemory: typeof fetch = async (_url, init) => {
  const body = typeof init?.body === 'string' ? init.body : ''
  if (!body.includes('"stream":true')) return new Response(answer, { headers })
  const chunks = body.includes('"include_usage":true') ? piecesWithUsage : pieces
  let next = 0
  return new Response(
    new ReadableStream({
      pull(controller) {
        const piece = chunks[next++]
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    }),
    { headers: { ...headers, 'content-type': 'text/event-stream' } },
  )
}
