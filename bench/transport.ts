/** An upstream in memory: each call gets a fresh `Response`, as `fetch` would give one. */
import { answer, headers, piecesFor, streamHeaders } from './answers.ts'

export const inMemory: typeof fetch = async (_url, init) => {
  const pieces = piecesFor(typeof init?.body === 'string' ? init.body : '')
  if (!pieces) return new Response(answer, { headers })
  let next = 0
  const body = new ReadableStream({
    pull(controller) {
      if (init?.signal?.aborted) return controller.error(init.signal.reason)
      const piece = pieces[next++]
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
  return new Response(body, { headers: streamHeaders })
}
