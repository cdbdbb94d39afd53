import { isModelPath } from './recognise.js'

/**
 * The same request with its body as a text where that is bytes in a form that can be read but once, or not at once, and goes to a
 * model: so no layer is passed by. No model is asked by a form.
 */
export async function withText(input: string | URL | Request, init: RequestInit): Promise<RequestInit> {
  const { body } = init
  if (body instanceof FormData || body instanceof URLSearchParams) return init
  const url = input instanceof Request ? input.url : String(input)
  if (!URL.canParse(url) || !isModelPath(new URL(url).pathname)) return init
  return { ...init, body: await new Response(body).text() }
}

/** A `Request` taken apart for a transport that takes an address. */
export async function initOf(request: Request, init: RequestInit): Promise<RequestInit> {
  const { method, headers, signal } = request
  const body = request.body ? await request.clone().arrayBuffer() : undefined
  return { method, headers, signal, ...(body && { body }), ...init }
}
