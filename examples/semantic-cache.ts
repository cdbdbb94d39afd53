import { LeashLLM } from 'leashllm'

// Compares spelling and asks nobody for it. A model's name in its place compares meaning.
const client = new LeashLLM({ semanticCache: { embed: 'nearDuplicate', threshold: 0.9 } })

for (const content of ['How tall is a giraffe?', 'how tall is a giraffe', 'How old is a giraffe?']) {
  const { leash } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] })
  console.log(`${content} ${leash?.cache} ${leash?.similarity?.toFixed(2) ?? ''}`)
}
