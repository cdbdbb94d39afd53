import type { HttpRequest } from './provider.js'

/**
 * What carries a request to an upstream. The default is `fetch`; anything with its shape will do
 * (undici's `fetch` with a dispatcher, a test double, a relay's connection pool).
 */
export type Transport = (url: string, init: RequestInit) => Promise<Response>

export function send(transport: Transport, request: HttpRequest, signal?: AbortSignal): Promise<Response> {
  return transport(request.url, {
    method: request.method,
    headers: request.headers as Record<string, string>,
    body: request.body as BodyInit,
    // A redirect could carry the key to another host.
    redirect: 'error',
    ...(signal && { signal }),
  })
}
