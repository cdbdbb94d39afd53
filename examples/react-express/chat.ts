/** The route that `useChat` speaks to. */
import { pipeUIMessageStreamToResponse } from 'ai'
import type { RequestHandler } from 'express'
import { createLeashProvider } from 'leashllm/ai-sdk'
import type { Leash } from 'leashllm/leash'
import { answerTo } from '../chat/answer.ts'

export function chat(leash: Leash): RequestHandler {
  const provider = createLeashProvider(leash)
  return (request, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const stream = answerTo(request.body, provider, gone.signal)
    if (!stream) return void response.status(400).send('invalid_request')
    return pipeUIMessageStreamToResponse({ response, stream })
  }
}
