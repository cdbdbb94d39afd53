import Anthropic from '@anthropic-ai/sdk'
import { type Door, dropIn, prompt, weather } from './drop-in.js'

const client = ({ url, fetch }: Door) => new Anthropic({ apiKey: 'caller', baseURL: url, maxRetries: 0, ...(fetch && { fetch }) })
const textOf = ({ content }: Anthropic.Message) =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')

dropIn('@anthropic-ai/sdk', {
  async text(door, model) {
    const messages = [{ role: 'user' as const, content: prompt }]
    return textOf(await client(door).messages.create({ model, max_tokens: 999, messages }))
  },
  stream(door, model) {
    const messages = [{ role: 'user' as const, content: prompt }]
    return client(door).messages.stream({ model, max_tokens: 999, messages }).finalText()
  },
  async tools(door, model, ran, stream) {
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: prompt }]
    const tools = [{ name: 'get_weather', description: 'The weather in a city.', input_schema: weather }]
    const params = { model, max_tokens: 999, messages, tools }
    const ask = async () => {
      const { messages } = client(door)
      return stream ? messages.stream(params).finalMessage() : messages.create(params)
    }
    const first = await ask()
    const content = first.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: ran(block.input) }] : [],
    )
    messages.push({ role: 'assistant', content: first.content }, { role: 'user', content })
    return textOf(await ask())
  },
})
