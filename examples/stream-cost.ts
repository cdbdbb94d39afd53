import { LeashLLM } from 'leashllm'

// A stream that tells what it has cost, and ends when that is too much.
const client = new LeashLLM()
const stream = await client.chat.completions.create(
  { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Count to eight.' }], stream: true },
  { leash: { costs: true, stopAtUsd: 0.01 } },
)

let spent: number | null | undefined
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '')
  spent = chunk.leash?.cost.usd
}
console.log(`\n$${spent?.toFixed(7)}`)
