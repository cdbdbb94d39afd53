import { LeashLLM } from 'leashllm'

// A vendor who says in each answer that nothing remains for the next half second, as OpenAI does before it answers with 429.
const client = new LeashLLM({
  pace: { waitMs: 5000 },
  fetch: async (url, init) => {
    const answer = await fetch(url, init)
    const headers = new Headers(answer.headers)
    headers.set('x-ratelimit-remaining-requests', '0')
    headers.set('x-ratelimit-reset-requests', '500ms')
    return new Response(answer.body, { status: answer.status, headers })
  },
})

// The second call and the third are held back until there is room again.
const began = performance.now()
for (let call = 1; call <= 3; call++) {
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
  console.log(`call ${call}: answered after ${Math.round(performance.now() - began)} ms`)
}
