import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, isStepCount, jsonSchema, type LanguageModel, streamText, tool } from 'ai'
import { type Door, dropIn, type Library, prompt, weather } from './drop-in.js'

function library(model: (door: Door, name: string) => LanguageModel): Library {
  const asked = (door: Door, name: string) => ({ model: model(door, name), prompt, maxRetries: 0 })
  return {
    text: async (door, name) => (await generateText(asked(door, name))).text,
    stream: async (door, name) => await streamText(asked(door, name)).text,
    async tools(door, name, ran, stream) {
      const inputSchema = jsonSchema<{ city: string }>(weather)
      const get_weather = tool({ description: 'The weather in a city.', inputSchema, execute: async (args) => ran(args) })
      const params = { ...asked(door, name), tools: { get_weather }, stopWhen: isStepCount(3) }
      return stream ? await streamText(params).text : (await generateText(params)).text
    },
  }
}

const options = (url: string, { fetch }: Door) => ({ apiKey: 'caller', baseURL: url, ...(fetch && { fetch }) })

dropIn(
  'ai with @ai-sdk/openai’s chat',
  library((door, name) => createOpenAI(options(`${door.url}/v1`, door)).chat(name)),
)
dropIn(
  'ai with @ai-sdk/openai’s responses',
  library((door, name) => createOpenAI(options(`${door.url}/v1`, door)).responses(name)),
)
dropIn(
  'ai with @ai-sdk/anthropic',
  library((door, name) => createAnthropic(options(`${door.url}/v1`, door))(name)),
)
dropIn(
  'ai with @ai-sdk/google',
  library((door, name) => createGoogle(options(`${door.url}/v1beta`, door))(name)),
)
