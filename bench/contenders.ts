/** The same jobs, done by each library. */
import { createOpenAI } from '@ai-sdk/openai'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, streamText } from 'ai'
import { LeashLLM, type LeashLLMOptions } from 'leashllm'
import OpenAI from 'openai'

/** Each gives the length of the answer's text, so that all can be seen to have read the same. */
export interface Contender {
  readonly name: string
  unary(prompt: string): Promise<number>
  stream(prompt: string): Promise<number>
}

/** Where the answers come from. */
export interface Upstream {
  readonly fetch?: typeof fetch
  readonly baseURL?: string
}

const model = 'gpt-4o-mini'
const apiKey = 'bench'

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

/** What the others are measured against. */
export const openai = (upstream: Upstream): Contender => openaiLike('openai', new OpenAI({ apiKey, ...upstream }))

export const leashllm = (options: LeashLLMOptions): Contender => openaiLike('leashllm', new LeashLLM({ apiKey, ...options }))

/** With every layer on that keeps calls alive, none of which has anything to do here. */
export const layered = (upstream: Upstream): Contender =>
  openaiLike(
    'leashllm, all layers',
    new LeashLLM({
      apiKey,
      ...upstream,
      retry: { attempts: 3 },
      fallback: ['openai/gpt-4o', 'openai/gpt-4.1'],
      circuitBreaker: { slowMs: 10_000 },
      hedge: true,
      coalesce: true,
      rateLimit: [
        { limit: { requests: 1e9, tokens: 1e12 }, per: 'minute' },
        { limit: { requests: 1e9 }, per: 'hour', by: 'model' },
      ],
      concurrency: { total: 1000, tenant: 1000, provider: 1000 },
      pace: true,
      routes: { [model]: { targets: [`openai/${model}`, 'openai/gpt-4o'], prefer: 'cost' } },
      timeouts: { attemptMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000, deadlineMs: 120_000 },
      maxAttempts: 6,
    }),
  )

export function aiSdk(upstream: Upstream): Contender {
  const chat = createOpenAI({ apiKey, ...upstream }).chat(model)
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

export function langchain(upstream: Upstream): Contender {
  const chat = new ChatOpenAI({ model, apiKey, configuration: { ...upstream }, useResponsesApi: false })
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

/** As much of the package as is used here. It is native, 94 MB and not for every Linux, and so no dependency of ours. */
interface LiterLlm {
  createClient(apiKey: string, baseUrl: string, timeoutSecs: number, maxRetries: number): LiterClient
}
interface LiterClient {
  chat(request: LiterRequest): Promise<{ choices: { message: { content?: string | null } }[] }>
  chatStream(request: LiterRequest): Promise<AsyncIterable<{ choices?: { delta?: { content?: string | null } }[] }>>
}
interface LiterRequest {
  readonly model: string
  readonly messages: readonly { readonly role: 'user'; readonly content: string }[]
}

const literPackage: string = '@kreuzberg/liter-llm'

/** @throws Error when the package cannot be loaded */
export async function literLlm(baseURL: string): Promise<Contender> {
  // CommonJS, whose names the loader of ES modules does not find.
  const { default: liter }: { readonly default: LiterLlm } = await import(literPackage)
  const client = liter.createClient(apiKey, baseURL, 60, 0)
  const request = (content: string): LiterRequest => ({ model: `openai/${model}`, messages: [{ role: 'user', content }] })
  return {
    name: 'liter-llm',
    async unary(prompt) {
      const { choices } = await client.chat(request(prompt))
      return choices[0]?.message.content?.length ?? 0
    },
    async stream(prompt) {
      let length = 0
      for await (const { choices } of await client.chatStream(request(prompt)))
        length += choices?.[0]?.delta?.content?.length ?? 0
      return length
    },
  }
}
