import { LeashLLM } from 'leashllm'

const client = new LeashLLM()

const answer = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Say hello to the reader.' }],
})

console.log(answer.choices[0]?.message.content)
console.log(`${answer.leash?.provider} answered with ${answer.leash?.usage?.output} tokens`)
