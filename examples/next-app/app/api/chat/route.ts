/** The route that `useChat` speaks to. Your own sign-in goes in front of it: whoever reaches it spends your money. */
import { createUIMessageStreamResponse } from 'ai'
import { createLeashProvider } from 'leashllm/ai-sdk'
import { answerTo } from '../../../../chat/answer.ts'

const leash = createLeashProvider({
  budgets: [{ limit: { usd: Number(process.env.CHAT_BUDGET_USD ?? 1) }, per: 'day' }],
  timeouts: { attemptMs: 60_000 },
})

export async function POST(request: Request): Promise<Response> {
  const stream = answerTo(await request.json().catch(() => undefined), leash, request.signal)
  return stream ? createUIMessageStreamResponse({ stream }) : new Response('invalid_request', { status: 400 })
}
