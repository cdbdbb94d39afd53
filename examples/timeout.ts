import { setTimeout as pause } from 'node:timers/promises'
import { LeashLLM } from 'leashllm'

// A vendor whose first stream comes at a crawl, so that there is something to see.
let requests = 0
const client = new LeashLLM({
  timeouts: {
    firstTokenMs: 20_000,
    idleMs: 15_000,
    slowStream: { tokensPerSecond: 20, windowMs: 500, hold: true },
    providers: { groq: { attemptMs: 5000 } },
  },
  fetch: async (url, init) => {
    const response = await fetch(url, init)
    return ++requests === 1 ? crawling(response) : response
  },
})

// It never falls silent for long. But held back until it has shown how fast it is, it is found out and tried again.
const stream = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Name the planets, from the sun outwards, and one moon of each that has any.' }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
console.log(`\n${requests} requests were made`)

function crawling({ body, status, headers }: Response): Response {
  const slowly = new TransformStream<Uint8Array, Uint8Array>({
    async transform(bytes, controller) {
      for (let at = 0; at < bytes.length; at += 250) {
        await pause(200)
        controller.enqueue(bytes.subarray(at, at + 250))
      }
    },
  })
  return new Response(body?.pipeThrough(slowly), { status, headers })
}
