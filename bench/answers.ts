/** What the upstreams of the benches say: one whole answer, and the same hundred words as a stream. */

export const headers = {
  'content-type': 'application/json',
  'x-request-id': 'req_0123456789abcdef',
  'openai-organization': 'bench',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-requests': '9999',
  date: 'Sat, 21 Nov 2026 10:00:00 GMT',
}

export const streamHeaders = { ...headers, 'content-type': 'text/event-stream' }

const usage = {
  prompt_tokens: 12,
  completion_tokens: 100,
  total_tokens: 112,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
}
const base = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'gpt-4o-mini-2024-07-18', system_fingerprint: 'fp_bench' }

export const answer = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'word '.repeat(100), refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage,
})

const chunk = (delta: object, finish_reason: string | null = null) => ({
  ...base,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
})

const encoder = new TextEncoder()
const event = (data: object) => encoder.encode(`data: ${JSON.stringify(data)}\n\n`)

const words = [
  event(chunk({ role: 'assistant', content: '', refusal: null })),
  ...Array.from({ length: 100 }, (_, i) => event(chunk({ content: `word${i} ` }))),
  event(chunk({}, 'stop')),
]
const total = event({ ...base, object: 'chat.completion.chunk', choices: [], usage })
const end = encoder.encode('data: [DONE]\n\n')
const plain = [...words, end]
const counted = [...words, total, end]

/** The pieces of the answer to this request; undefined for one that wants it whole. Usage comes when it is asked for, as OpenAI does it. */
export function piecesFor(body: string): readonly Uint8Array<ArrayBuffer>[] | undefined {
  if (!body.includes('"stream":true')) return undefined
  return body.includes('"include_usage":true') ? counted : plain
}
