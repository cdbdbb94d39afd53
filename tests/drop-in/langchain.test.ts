import { ChatAnthropic } from '@langchain/anthropic'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { type AIMessage, type AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { type Door, dropIn, type Library, prompt, weather } from './drop-in.js'

function library(make: (door: Door, model: string) => BaseChatModel): Library {
  return {
    text: async (door, model) => (await make(door, model).invoke(prompt)).text,
    async stream(door, model) {
      let text = ''
      for await (const chunk of await make(door, model).stream(prompt)) text += chunk.text
      return text
    },
    async tools(door, model, ran, stream) {
      const getWeather = tool(async (args) => ran(args), { name: 'get_weather', description: 'The weather.', schema: weather })
      const bound = make(door, model).bindTools?.([getWeather])
      if (!bound) throw new Error('This model takes no tools.')
      const messages: BaseMessage[] = [new HumanMessage(prompt)]
      const first: AIMessage = stream ? await whole(await bound.stream(messages)) : await bound.invoke(messages)
      messages.push(first)
      for (const { id = '', args } of first.tool_calls ?? [])
        messages.push(new ToolMessage({ content: ran(args), tool_call_id: id }))
      return (await bound.invoke(messages)).text
    },
  }
}

async function whole(chunks: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let all: AIMessageChunk | undefined
  for await (const chunk of chunks) all = all ? all.concat(chunk) : chunk
  if (!all) throw new Error('Nothing came.')
  return all
}

const common = { apiKey: 'caller', maxRetries: 0 }

dropIn(
  '@langchain/openai',
  library(
    ({ url, fetch }, model) =>
      new ChatOpenAI({ ...common, model, configuration: { baseURL: `${url}/v1`, ...(fetch && { fetch }) } }),
  ),
)
dropIn(
  '@langchain/anthropic',
  library(
    ({ url, fetch }, model) =>
      new ChatAnthropic({ ...common, model, maxTokens: 999, anthropicApiUrl: url, clientOptions: fetch ? { fetch } : {} }),
  ),
)
