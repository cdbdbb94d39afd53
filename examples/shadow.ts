import { LeashLLM } from 'leashllm'

const client = new LeashLLM({
  shadow: { access: { models: { allow: ['gpt-4o-mini'] } }, budgets: [{ limit: { requests: 1 }, per: 'day' }] },
})
client.leash.on('result', ({ model, shadow = [] }) => {
  console.log(`${model}: ${shadow.map(({ code }) => `would be refused by ${code}`).join(', ') || 'would pass'}`)
})

for (const model of ['gpt-4o-mini', 'claude-haiku-4-5', 'gpt-4o-mini'])
  await client.chat.completions.create({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] })
