/** One chat through the relay's own data plane, as any client of OpenAI would make it. */
import { ApiError, errorOf } from './api.js'
import { eventsIn } from './events.js'

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface Chat {
  readonly key: string
  readonly model: string
  readonly messages: readonly Turn[]
  readonly maxTokens?: number
  readonly signal: AbortSignal
  readonly onText: (text: string) => void
}

/** What is known when the last byte has come. What it cost is in the ledger. */
export interface ChatEnd {
  readonly id: string
  readonly provider: string
  readonly model: string
  readonly attempts: number
  readonly cache: string
  /** Milliseconds from the request to the first text, and to the end. */
  readonly firstMs: number
  readonly totalMs: number
  readonly input?: number
  readonly output?: number
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null
  readonly error?: { readonly message?: string; readonly code?: string }
}

/** @throws ApiError that says why there was no answer, or no more of it */
export async function chat({ key, model, messages, maxTokens, signal, onText }: Chat): Promise<ChatEnd> {
  const began = performance.now()
  const body = {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    ...(maxTokens && { max_tokens: maxTokens }),
  }
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'omit',
    signal,
  })
  if (!response.ok) throw await errorOf(response)
  let firstMs: number | undefined
  let usage: Chunk['usage']
  for await (const data of eventsIn(response)) {
    if (data === '[DONE]') continue
    const chunk: Chunk = JSON.parse(data)
    if (chunk.error) throw new ApiError(502, chunk.error.code ?? '', chunk.error.message ?? 'The answer broke off.')
    const text = chunk.choices?.[0]?.delta?.content
    if (text) {
      firstMs ??= performance.now() - began
      onText(text)
    }
    usage = chunk.usage ?? usage
  }
  const totalMs = performance.now() - began
  const header = (name: string) => response.headers.get(`x-leash-${name}`) ?? ''
  return {
    id: header('id'),
    provider: header('provider'),
    model: header('model') || model,
    attempts: Number(header('attempts') || 1),
    cache: header('cache'),
    firstMs: firstMs ?? totalMs,
    totalMs,
    ...(usage?.prompt_tokens !== undefined && { input: usage.prompt_tokens }),
    ...(usage?.completion_tokens !== undefined && { output: usage.completion_tokens }),
  }
}
