import { LeashLLM } from 'leashllm'

const client = new LeashLLM({ access: { models: { allow: ['gpt-4o-mini', 'anthropic/claude-*'] } } })

for (const model of ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash']) {
  const said = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] }).then(
    ({ choices }) => choices[0]?.message.content,
    ({ code }) => code,
  )
  console.log(`${model}: ${said}`)
}
