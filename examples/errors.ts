import { LeashLLM } from 'leashllm'
import { APIError, NotFoundError } from 'openai'

const client = new LeashLLM()

// Failures are OpenAI's own classes, whoever failed; `code` and `leash` say more.
try {
  await client.chat.completions.create({ model: 'anthropic/claude-missing', messages: [{ role: 'user', content: 'Hello?' }] })
} catch (error) {
  if (!(error instanceof APIError)) throw error
  console.log(`${error instanceof NotFoundError}: ${error.status} ${error.code}`)
  console.log(error.leash?.attempts.map(({ provider, status }) => `${provider} said ${status}`))
}
