import Anthropic from '@anthropic-ai/sdk'
import { createLeash } from 'leashllm/leash'

const leash = createLeash()
leash.on('attempt', ({ provider, model, durationMs }) => console.log(`${provider} ${model}: ${durationMs} ms`))

// Anthropic's SDK as you know it, and every model behind it.
const anthropic = leash.wrap(new Anthropic())

for (const model of ['claude-sonnet-5-5', 'gpt-4o-mini']) {
  const message = await anthropic.messages.create({
    model,
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Hello from two worlds.' }],
  })
  console.log(message.content)
}
