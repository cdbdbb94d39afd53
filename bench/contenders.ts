/** The same three jobs, done by each library over the same transport. */
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { LeashLLM } from 'leashllm'
import OpenAI from 'openai'
import { inMemory } from './transport.ts'

export interface Contender {
  readonly name: string
  unary(prompt: string): Promise<number>
  stream(prompt: string): Promise<number>
}

const model = 'gpt-4o-mini'
const options = { apiKey: 'bench', fetch: inMemory }

function openaiLike(name: string, client: OpenAI): Contender {
  const messages = (content: string) => [{ role: 'user' as const, content }]
  return {
    name,
    async unary(prompt) {
      const { choices } = await client.chat.completions.create({ model, messages: messages(prompt) })
      return choices[0]?.message.content?.length ?? 0
    },
    async stream(prompt) {
      let length = 0
      for await (const { choices } of await client.chat.completions.create({ model, messages: messages(prompt), stream: true })) {
        length += choices[0]?.delta.content?.length ?? 0
      }
      return length
    },
  }
}

function aiSdk(): Contender {
  const chat = createOpenAI(options).chat(model)
  return {
    name: 'Vercel AI SDK',
    unary: async (prompt) => (await generateText({ model: chat, prompt })).text.length,
    async stream(prompt) {
      let length = 0
      for await (const text of streamText({ model: chat, prompt }).textStream) length += text.length
      return length
    },
  }
}

async function langchain(): Promise<Contender | undefined> {
  const { ChatOpenAI } = await import('@langchain/openai').catch(() => ({ ChatOpenAI: undefined }))
  if (!ChatOpenAI) return undefined
  const chat = new ChatOpenAI({ model, apiKey: 'bench', configuration: { fetch: inMemory }, useResponsesApi: false })
  return {
    name: 'LangChain',
    unary: async (prompt) => String((await chat.invoke(prompt)).content).length,
    async stream(prompt) {
      let length = 0
      for await (const { content } of await chat.stream(prompt)) length += String(content).length
      return length
    },
  }
}

/** The first is what the others are measured against. */
export async function contenders(): Promise<Contender[]> {
  const all = [openaiLike('openai', new OpenAI(options)), openaiLike('leashllm', new LeashLLM(options)), aiSdk(), await langchain()]
  return all.filter((contender) => contender !== undefined)
}
