import { LeashLLM } from 'leashllm'
import type { MirrorPair } from 'leashllm/leash'

// Every call also goes to the model that we may change to. The caller does not wait for it, and its failure harms nobody.
const compared = Promise.withResolvers<MirrorPair>()
const client = new LeashLLM({
  mirror: { to: 'anthropic/claude-haiku-4-5', share: 1, onResult: compared.resolve },
})

const answer = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Which planet has the most moons?' }],
})
console.log(answer.choices[0]?.message.content)

const { call, mirror } = await compared.promise
for (const { report, answer, error } of [call, mirror])
  console.log(`${report.provider}: ${answer?.text ?? error?.message}, ${report.usage?.output} tokens, $${report.cost?.usd}`)
await client.leash.close()
