/** What the page's questions come to, on any server: its messages in, the events that `useChat` reads out. */
import { type ModelMessage, streamText, type ToolSet, toUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import { type LeashProvider, reportIn } from 'leashllm/ai-sdk'
import { isLeashError } from 'leashllm/leash'
import { z } from 'zod'
import { models, type Told } from './models.ts'

/** Text alone: a file that is named by its address would be fetched from inside of your network. */
const Part = z.object({ type: z.string(), text: z.string().optional() })
const Asked = z.object({
  model: z.enum(models.map(({ id }) => id)),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant']), parts: z.array(Part) })),
})

/**
 * @param signal aborted when the page is closed or "Stop" is pressed: nothing more is paid for
 * @returns undefined when it is no question of that page
 */
export function answerTo(
  question: unknown,
  leash: LeashProvider,
  signal: AbortSignal,
): ReadableStream<UIMessageChunk<Told>> | undefined {
  const asked = Asked.safeParse(question)
  if (!asked.success) return undefined
  const { stream } = streamText({
    model: leash(asked.data.model),
    messages: textsOf(asked.data.messages),
    maxOutputTokens: 1000,
    abortSignal: signal,
    onError: () => {},
  })
  return toUIMessageStream<ToolSet, UIMessage<Told>>({
    stream,
    messageMetadata: ({ part }) => (part.type === 'finish-step' ? told(part) : undefined),
    onError: (error) => (error instanceof Error && isLeashError(error.cause) ? error.cause.code : 'unknown'),
  })
}

/** Without answers that failed before their first word, which no vendor takes. */
function textsOf(messages: z.infer<typeof Asked>['messages']): ModelMessage[] {
  return messages
    .map(({ role, parts }) => ({ role, content: parts.map(({ type, text }) => (type === 'text' ? text : '')).join('') }))
    .filter(({ content }) => content !== '')
}

function told(part: { readonly providerMetadata?: unknown }): Told | undefined {
  const { provider, model, cost, usage } = reportIn(part) ?? {}
  if (!provider || !model) return undefined
  return { provider, model, usd: cost?.usd ?? null, tokens: usage?.output ?? 0 }
}
