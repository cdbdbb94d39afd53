import { LeashError } from './errors.js'
import { hidden } from './hidden.js'
import type { HttpRequest } from './provider.js'
import type { MaybePromise } from './store.js'

/**
 * What carries a request to an upstream. The default is `fetch`; anything with its shape will do
 * (undici's `fetch` with a dispatcher, a test double, a relay's connection pool).
 */
export type Transport = (url: string, init: RequestInit) => Promise<Response>

/** What a transport answered, as a response of the platform. */
export function received(answer: Response): MaybePromise<Response> {
  return answer instanceof Response ? answer : import('./adopted.js').then(({ adopted }) => adopted(answer))
}

/** What a transport is made of that is a leash. */
interface Laid {
  readonly engine: object
  readonly transport: Transport
  over(transport: Transport): Transport
}

export const laid = hidden<Laid>()

/** Stands in what a transport answers with that is an `instanceof` the platform's class, and has nothing of its inside. */
export const ownKind = Symbol('leashllm.ownKind')

/** @param own how the caller has its requests carried, such as by the dispatcher of a proxy */
export async function send(
  transport: Transport,
  request: HttpRequest,
  signal?: AbortSignal,
  own?: RequestInit,
): Promise<Response> {
  const init: RequestInit = {
    ...own,
    method: request.method,
    headers: request.headers as Record<string, string>,
    body: request.body as BodyInit,
    // A redirect could carry the key to another host. `error` would say so, but Cloudflare's runtime refuses that word.
    redirect: 'manual',
    ...(signal && { signal }),
  }
  const answer = received(await transport(request.url, init))
  const response = answer instanceof Promise ? await answer : answer
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) throw redirected(request, response)
  return response
}

function redirected(request: HttpRequest, response: Response): LeashError {
  response.body?.cancel().catch(() => {})
  const { origin } = new URL(request.url)
  const target = response.headers.get('location')
  const to = target && URL.canParse(target, origin) ? ` to ${new URL(target, origin).origin}` : ''
  return new LeashError(
    'upstream_error',
    `${origin} redirects${to}, where your key must not follow. Set the provider's baseURL to the address that answers.`,
  )
}
