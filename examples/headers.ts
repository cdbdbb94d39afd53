import { LeashLLM } from 'leashllm'

const client = new LeashLLM({ headers: { 'x-cost-centre': '4711' } })

const { choices } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
console.log(choices[0]?.message.content)
