import OpenAI from 'openai'
import { type Door, dropIn, prompt, weather } from './drop-in.js'

const client = ({ url, fetch }: Door) =>
  new OpenAI({ apiKey: 'caller', baseURL: `${url}/v1`, maxRetries: 0, ...(fetch && { fetch }) })
const messages = [{ role: 'user' as const, content: prompt }]

dropIn('openai', {
  async text(door, model) {
    return (await client(door).chat.completions.create({ model, messages })).choices[0]?.message.content
  },
  async stream(door, model) {
    let text = ''
    const stream = await client(door).chat.completions.create({ model, messages, stream: true })
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    return text
  },
  tools(door, model, ran, stream) {
    const named = { name: 'get_weather', description: 'The weather in a city.', parameters: weather }
    const tools = [{ type: 'function' as const, function: { ...named, parse: JSON.parse, function: ran } }]
    const { completions } = client(door).chat
    const runner = stream
      ? completions.runTools({ model, messages, tools, stream })
      : completions.runTools({ model, messages, tools })
    return runner.finalContent()
  },
})

dropIn('openai’s Responses API', {
  async text(door, model) {
    return (await client(door).responses.create({ model, input: prompt })).output_text
  },
  async stream(door, model) {
    let text = ''
    const stream = await client(door).responses.create({ model, input: prompt, stream: true })
    for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta
    return text
  },
  async tools(door, model, ran, stream) {
    const tool = {
      type: 'function' as const,
      name: 'get_weather',
      description: 'The weather.',
      parameters: weather,
      strict: true,
    }
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: prompt }]
    const { responses } = client(door)
    const params = { model, input, tools: [tool] }
    const first = stream ? await responses.stream(params).finalResponse() : await responses.create(params)
    for (const item of first.output) {
      input.push(item as OpenAI.Responses.ResponseInputItem)
      if (item.type !== 'function_call') continue
      input.push({ type: 'function_call_output', call_id: item.call_id, output: ran(JSON.parse(item.arguments)) })
    }
    return (await responses.create(params)).output_text
  },
})
