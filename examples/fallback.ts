import { LeashLLM } from 'leashllm'

// When a model cannot answer, the next one in its list is asked, at whichever vendor.
const client = new LeashLLM({
  fallback: {
    models: { 'claude-*': ['gpt-4.1-mini', 'gemini-2.5-flash'] },
    default: ['claude-haiku-4-5'],
  },
})
client.leash.on('fallback', ({ from, to, because }) => console.log(`${from} > ${to}: ${because}`))

// No vendor has such a model, and so another steps in. Its answer has the shape of OpenAI's all the same.
const answer = await client.chat.completions.create({
  model: 'claude-missing',
  messages: [{ role: 'user', content: 'Which planet has the most moons?' }],
})

console.log(answer.choices[0]?.message.content)
console.log(answer.leash?.moves)
