import { LeashLLM } from 'leashllm'

/** What every runtime must do alike: an answer and a stream, passed through and translated, and an error of the SDK's own class. */
export async function program(mock) {
  const client = new LeashLLM({
    apiKey: 'test-openai',
    baseURL: `${mock}/v1`,
    providers: { anthropic: { apiKey: 'test-anthropic', baseURL: mock } },
    maxRetries: 0,
  })
  const messages = [{ role: 'user', content: 'Say hello in five words.' }]

  async function chat(model) {
    const answer = await client.chat.completions.create({ model, messages, max_completion_tokens: 100 })
    return answer.choices[0].message.content
  }

  async function stream(model) {
    let text = ''
    for await (const chunk of await client.chat.completions.create({
      model,
      messages,
      max_completion_tokens: 100,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    return text
  }

  async function refused() {
    const error = await client.chat.completions.create({ model: 'gpt-5-mini', messages: [] }).catch((error) => error)
    return error instanceof LeashLLM.APIError ? `${error.constructor.name} ${error.status}` : ''
  }

  return {
    chat: await chat('gpt-5-mini'),
    stream: await stream('gpt-5-mini'),
    'chat, translated': await chat('claude-sonnet-5-5'),
    'stream, translated': await stream('claude-sonnet-5-5'),
    error: await refused(),
  }
}
