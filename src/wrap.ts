/** Puts an instance of a vendor's own SDK on the leash. */
import { LeashError } from './core/errors.js'
import { hidden } from './core/hidden.js'
import { isObject } from './core/json.js'
import { laid, type Transport } from './core/transport.js'
import { IteratorStream } from './iterator-stream.js'
import type { AwsRequestHandler } from './providers/auth/aws-handler.js'
import type { Signing, Step } from './put-off.js'
import { hangBeside, isLeashed, type StainlessOptions, takeOver } from './stainless.js'

/** What `wrap` needs of a leash. */
export interface Wrapping {
  /** A leashed `fetch` over the SDK's own transport. */
  fetchFor(provider?: string, transport?: Transport): typeof fetch
}

/**
 * An instance of the same class whose calls go through the stack. OpenAI, Anthropic and their kin are copied;
 * Google's and AWS's clients cannot make a copy of themselves and are changed in place.
 *
 * @throws LeashError `unsupported` for an instance of anything else
 */
export function wrap<T extends object>(client: T, leash: Wrapping): T {
  if (isStainless(client)) return wrapStainless(client, leash)
  if (isGoogle(client)) return wrapGoogle(client, leash)
  if (isAws(client)) return wrapAws(client, leash)
  throw new LeashError(
    'unsupported',
    `Cannot wrap an instance of ${client.constructor?.name ?? 'no class'}. Known: OpenAI from openai 5 on, Anthropic from 0.60 on, GoogleGenAI, BedrockRuntimeClient; for any other SDK pass \`leash.fetch\` as its fetch option.`,
  )
}

interface Stainless {
  maxRetries: number
  timeout: number
  fetch: Transport
  middleware?: readonly unknown[]
  /** Of Anthropic's clients for other clouds: gives a request that cloud's form, and signs it. */
  backendMiddleware?(): readonly Step[]
  /** Of OpenAI's for other clouds: signs a request. */
  _provider?: Signing | undefined
  withOptions(options: object): this
  post(path: string, options?: StainlessOptions | Promise<StainlessOptions>): unknown
  prepareRequest(request: RequestInit, context: { options: StainlessOptions }): Promise<void>
}

const late = () => import('./put-off.js')

/** Those that finish what was put off. */
const finishing = hidden<true>()

function isStainless(client: object): client is Stainless {
  return ['withOptions', 'post', 'prepareRequest'].every((name) => typeof Reflect.get(client, name) === 'function')
}

function wrapStainless<T extends Stainless>(client: T, leash: Wrapping): T {
  if ('awsSecretKey' in client && !client.backendMiddleware)
    throw new LeashError(
      'unsupported',
      `${client.constructor.name} rewrites what the leash reads. Take @anthropic-ai/bedrock-sdk 1, or wrap an Anthropic and ask for "bedrock/…".`,
    )
  const { fetch: own } = client
  const putsOff = client.backendMiddleware?.().length || client._provider
  const finished: Transport = async (url, init) => (await late()).finish(own, url, init)
  const fetch = leash.fetchFor(undefined, putsOff && !finishing.get(own) ? finished : own)
  if (putsOff) finishing.set(fetch, true)
  // Its class's: one that was wrapped before would put its own leash around this one.
  const { withOptions }: T = Object.getPrototypeOf(client)
  const copy = withOptions.call(client, { fetch })
  // One of ours has laid its own leash around it, and sees to all that follows.
  if (copy.fetch !== fetch && laid.get(copy.fetch)) return copy
  const post = copy.post.bind(copy)
  const prepareRequest = copy.prepareRequest.bind(copy)
  const { _provider: provider } = copy
  const backend = copy.backendMiddleware?.bind(copy)
  const putOff: Step = async (...request) => (await late()).putOff(backend?.() ?? [], ...request)
  const prepare: Signing['prepareRequest'] = async (...request) => provider && (await late()).signLater(provider, ...request)
  const leashed: Partial<Stainless> = {
    ...(provider && { _provider: Object.create(provider, { prepareRequest: { value: prepare } }) }),
    ...(putsOff && backend && { backendMiddleware: () => [putOff] }),
    withOptions: (options) => wrapStainless(withOptions.call(copy, options), leash),
    post: (path, options) =>
      isLeashed(path)
        ? post(
            path,
            Promise.resolve(options).then((options = {}) => takeOver(options, copy)),
          )
        : post(path, options),
    async prepareRequest(request, context) {
      await prepareRequest(request, context)
      const { options } = context
      const isEdited = copy.middleware?.length || options.middleware?.length
      // What a middleware has made of the body stands in the request alone.
      hangBeside(request, isEdited ? { ...options, body: undefined } : options, {})
    },
  }
  return Object.assign(copy, leashed)
}

interface Google {
  apiClient: { clientOptions: { httpOptions?: { fetch?: Transport; retryOptions?: unknown } } }
}

function isGoogle(client: object): client is Google {
  const api: unknown = Reflect.get(client, 'apiClient')
  return isObject(api) && isObject(api.clientOptions)
}

function wrapGoogle<T extends Google>(client: T, leash: Wrapping): T {
  const { clientOptions } = client.apiClient
  const { retryOptions: _, ...httpOptions } = clientOptions.httpOptions ?? {}
  const vertex = Reflect.get(client, 'vertexai') === true
  const { fetch } = httpOptions
  const leashed = leash.fetchFor(vertex ? 'vertex' : 'google', fetch && (closing.get(fetch) ?? fetch))
  const closed: Transport = async (...request) => {
    const response = await leashed(...request)
    // Google's SDK closes no stream that is left: it lets go of the reader, and that is all.
    if (response.body instanceof IteratorStream) response.body.leftWhenReleased = true
    return response
  }
  closing.set(closed, leashed)
  clientOptions.httpOptions = { ...httpOptions, fetch: closed }
  return client
}

/** What is below the `fetch` that a client of Google's has got from us. */
const closing = hidden<Transport>()

interface Aws {
  config: { requestHandler: unknown }
  middlewareStack: { add(middleware: (next: (args: unknown) => unknown) => (args: unknown) => unknown, options: object): void }
}

function isAws(client: object): client is Aws {
  const config: unknown = Reflect.get(client, 'config')
  return isObject(config) && 'requestHandler' in config && isObject(Reflect.get(client, 'middlewareStack'))
}

function wrapAws<T extends Aws>(client: T, leash: Wrapping): T {
  const handler = import('./providers/auth/aws-handler.js').then(({ awsRequestHandler }) =>
    awsRequestHandler(leash.fetchFor('bedrock')),
  )
  const lazy: AwsRequestHandler = {
    // Decides that the SDK signs `host`, and not HTTP/2's `:authority`.
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (...request) => (await handler).handle(...request),
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
  client.config.requestHandler = lazy
  // AWS's own round of retries: the leash has one.
  const once = (next: (args: unknown) => unknown) => (args: unknown) => next(args)
  client.middlewareStack.add(once, { name: 'retryMiddleware', step: 'finalizeRequest', priority: 'high', override: true })
  return client
}
