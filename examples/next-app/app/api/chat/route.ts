/** The route that `useChat` speaks to. Your own sign-in goes in front of it: whoever reaches it spends your money. */
import { createUIMessageStreamResponse, type ModelMessage, streamText, type ToolSet, toUIMessageStream, type UIMessage } from 'ai'
import { createLeashProvider, reportIn } from 'leashllm/ai-sdk'
import { isLeashError } from 'leashllm/leash'
import { z } from 'zod'
import { models, type Told } from '../../models.ts'

const leash = createLeashProvider({
  budgets: [{ limit: { usd: Number(process.env.CHAT_BUDGET_USD ?? 1) }, per: 'day' }],
  timeouts: { attemptMs: 60_000 },
})

/** Text alone: a file that is named by its address would be fetched from inside of your network. */
const Part = z.object({ type: z.string(), text: z.string().optional() })
const Asked = z.object({
  model: z.enum(models.map(({ id }) => id)),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant']), parts: z.array(Part) })),
})

export async function POST(request: Request): Promise<Response> {
  const asked = Asked.safeParse(await request.json().catch(() => undefined))
  if (!asked.success) return new Response('invalid_request', { status: 400 })
  const { stream } = streamText({
    model: leash(asked.data.model),
    messages: textsOf(asked.data.messages),
    maxOutputTokens: 1000,
    // Whoever closes the page or presses "Stop" pays for nothing more.
    abortSignal: request.signal,
    onError: () => {},
  })
  const chunks = toUIMessageStream<ToolSet, UIMessage<Told>>({
    stream,
    messageMetadata: ({ part }) => (part.type === 'finish-step' ? told(part) : undefined),
    onError: (error) => (error instanceof Error && isLeashError(error.cause) ? error.cause.code : 'unknown'),
  })
  return createUIMessageStreamResponse({ stream: chunks })
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
