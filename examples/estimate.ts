import { LeashLLM } from 'leashllm'

// What the same question would cost at three vendors. Nobody is asked.
const { leash } = new LeashLLM()
const messages = [{ role: 'user', content: 'Which planet has the most moons?' }]

for (const model of ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash']) {
  const { provider, inputTokens, mostUsd } = await leash.estimate({ model, max_tokens: 1000, messages })
  console.log(`${provider}/${model}: about ${inputTokens} tokens in, at most $${mostUsd?.toFixed(6)}`)
}
await leash.close()
