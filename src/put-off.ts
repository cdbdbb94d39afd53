/**
 * What vendors' SDKs for other clouds do to a request last of all: they give it that cloud's form, and sign it. For a call to a
 * model that is put off until it has gone through the stack, and done for each try, to what the layers have made of it.
 */
import type { Transport } from './core/transport.js'
import { isLeashed } from './stainless.js'

type Sent = RequestInit & { readonly url: string }
type Sending = (request: Sent) => Promise<Response>

interface Context {
  readonly options: { readonly path: string }
}

/** Of Anthropic's clients. */
export type Step = (request: Sent, next: Sending, context: Context) => Promise<Response>

/** Of OpenAI's. */
export interface Signing {
  prepareRequest?(request: RequestInit, context: Context): Promise<void>
}

const later = Symbol('leashllm.later')

declare global {
  interface RequestInit {
    [later]?: (request: Sent, next: Sending) => Promise<Response>
  }
}

export function putOff(steps: readonly Step[], ...[request, next, context]: Parameters<Step>): Promise<Response> {
  const take = (request: Sent, next: Sending) =>
    steps.reduceRight<Sending>((next, step) => (request) => step(request, next, context), next)(request)
  return isLeashed(context.options.path) ? next({ ...request, [later]: take }) : take(request, next)
}

export async function signLater(provider: Signing, request: RequestInit, context: Context): Promise<void> {
  const take = async (request: Sent, next: Sending) => {
    await provider.prepareRequest?.(request, context)
    return next(request)
  }
  if (isLeashed(context.options.path)) request[later] = take
  else await provider.prepareRequest?.(request, context)
}

export function finish(fetch: Transport, url: string, init: RequestInit): Promise<Response> {
  const { [later]: take, ...rest } = init
  if (!take) return fetch(url, init)
  return take({ ...rest, headers: new Headers(rest.headers), url }, ({ url, ...init }) => fetch(url, init))
}
