import { LeashLLM } from 'leashllm'

// Calls are shared about 3 to 1. A key that is rate-limited or revoked rests, and the other one takes its calls.
const client = new LeashLLM({
  providers: {
    openai: {
      apiKey: [
        { key: process.env.OPENAI_KEY_SEARCH ?? 'sk-search', name: 'search', weight: 3 },
        { key: process.env.OPENAI_KEY_BATCH ?? 'sk-batch', name: 'batch' },
      ],
    },
  },
})

const calls: Record<string, number> = {}
for (let call = 0; call < 8; call++) {
  const answer = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Say hello.' }],
  })
  const key = answer.leash?.attempts.at(-1)?.key ?? 'none'
  calls[key] = (calls[key] ?? 0) + 1
}
console.log(calls)
