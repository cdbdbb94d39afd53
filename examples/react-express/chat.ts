/** The route that `useChat` speaks to. */
import { type ModelMessage, pipeUIMessageStreamToResponse, streamText, type ToolSet, toUIMessageStream, type UIMessage } from 'ai'
import type { RequestHandler } from 'express'
import { createLeashProvider, reportIn } from 'leashllm/ai-sdk'
import { isLeashError, type Leash } from 'leashllm/leash'
import { z } from 'zod'
import { models, type Told } from './models.ts'

/** Text alone: a file that is named by its address would be fetched from inside of your network. */
const Part = z.object({ type: z.string(), text: z.string().optional() })
const Asked = z.object({
  model: z.enum(models.map(({ id }) => id)),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant']), parts: z.array(Part) })),
})

export function chat(leash: Leash): RequestHandler {
  const provider = createLeashProvider(leash)
  return (request, response) => {
    const asked = Asked.safeParse(request.body)
    if (!asked.success) return void response.status(400).send('invalid_request')
    // Whoever closes the page or presses "Stop" pays for nothing more.
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const { stream } = streamText({
      model: provider(asked.data.model),
      messages: textsOf(asked.data.messages),
      maxOutputTokens: 1000,
      abortSignal: gone.signal,
      onError: () => {},
    })
    const chunks = toUIMessageStream<ToolSet, UIMessage<Told>>({
      stream,
      messageMetadata: ({ part }) => (part.type === 'finish-step' ? told(part) : undefined),
      onError: (error) => (error instanceof Error && isLeashError(error.cause) ? error.cause.code : 'unknown'),
    })
    return pipeUIMessageStreamToResponse({ response, stream: chunks })
  }
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
