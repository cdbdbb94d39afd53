import { LeashLLM } from 'leashllm'
import { createLeash } from 'leashllm/leash'

/** What every runtime must do alike: an answer and a stream, passed through and translated, errors of the SDK's own classes, and what layers do. */
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

  /** Twice: the second answer comes from the cache, the address is given back in both, and one is paid for. */
  async function layers() {
    const careful = new LeashLLM({
      apiKey: 'test-openai',
      baseURL: `${mock}/v1`,
      redact: true,
      cache: true,
      budgets: [{ limit: { usd: 1 }, per: 'day' }],
    })
    const ask = () =>
      careful.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Write to ada@example.com.' }] })
    const [first, second] = [await ask(), await ask()]
    const [{ spent }] = await careful.leash.budgets()
    await careful.leash.close()
    const { content } = second.choices[0].message
    return `${content} ${second.leash.cache} ${spent === first.leash.cost.usd}`
  }

  /** One that waits for its answer, and is left. */
  async function left() {
    const controller = new AbortController()
    const asked = client.chat.completions.create({ model: 'claude-sonnet-5-5', messages }, { signal: controller.signal })
    controller.abort()
    return asked.then(
      () => '',
      (error) => error.constructor.name,
    )
  }

  /** As hosts do that were there before `fetch`: the body of a streamed answer as a stream of Node's, where there are any. */
  async function served() {
    const leash = createLeash({ providers: { anthropic: { apiKey: 'test-anthropic', baseURL: mock } } })
    const body = JSON.stringify({ model: 'claude-sonnet-5-5', messages, stream: true })
    const response = await leash.handle(new Request('http://localhost/v1/chat/completions', { method: 'POST', body }))
    const { Readable } = await import('node:stream').catch(() => ({}))
    let text = ''
    const decoder = new TextDecoder()
    for await (const piece of Readable ? Readable.fromWeb(response.body) : response.body) text += decoder.decode(piece)
    await leash.close()
    return `${response.status} ${text.includes('[DONE]')}`
  }

  return {
    chat: await chat('gpt-5-mini'),
    stream: await stream('gpt-5-mini'),
    'chat, translated': await chat('claude-sonnet-5-5'),
    'stream, translated': await stream('claude-sonnet-5-5'),
    error: await refused(),
    abort: await left(),
    handler: await served(),
    layers: await layers(),
  }
}
