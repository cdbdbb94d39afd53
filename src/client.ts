import OpenAI, { type ClientOptions } from 'openai'
import type {} from './augment.js'
import { isOption } from './config/schema.js'
import { attachReport, transportBehind } from './fetch.js'
import { type Leash, type LeashInside, type LeashOptions, openLeash } from './leash.js'
import { reportBehind } from './leashed-headers.js'
import { readEnv } from './providers/env.js'
import { hangBeside, isLeashed, takeOver, tellTimeout } from './stainless.js'

/** OpenAI's own options, and the leash's beside them. */
export interface LeashLLMOptions extends ClientOptions, Omit<LeashOptions, 'fetch' | 'maxBodyBytes'> {}

type APIPromise<T> = ReturnType<typeof OpenAI.prototype.post<T>>
type RequestOptions = Exclude<Awaited<Parameters<OpenAI['post']>[1]>, undefined>

const kept = Symbol('leashllm.kept')

/** Stands where OpenAI's key would when only other providers have one. Never sent. */
const noKey = 'no-openai-key'

/**
 * OpenAI's client on a leash: the same class, the same methods, and every call to a model goes through the stack,
 * to any provider.
 *
 * @example
 * const client = new LeashLLM()
 * await client.chat.completions.create({ model: 'claude-sonnet-5-5', messages: [{ role: 'user', content: 'Hello' }] })
 */
export class LeashLLM extends OpenAI {
  /** The leash that this client's calls are on; for events, further middleware and other SDKs. */
  readonly leash: Leash
  readonly #hasKey: boolean
  /** False for a client whose requests are signed as they are, and so cannot go through a stack that may edit them. */
  readonly #leashable: boolean

  constructor(options: LeashLLMOptions = {}) {
    const set = prepare(options)
    super(set.openai)
    this.leash = set.leash
    this.#hasKey = set.hasKey
    this.#leashable = set.leashable
  }

  override post<Rsp>(...[path, options]: Parameters<OpenAI['post']>): APIPromise<Rsp> {
    if (!this.#leashable || !isLeashed(path)) return super.post<Rsp>(path, options)
    return reporting(super.post<Rsp>(path, mine(options, this)))
  }

  protected override async prepareRequest(...[request, context]: Parameters<OpenAI['prepareRequest']>): Promise<void> {
    await super.prepareRequest(request, context)
    hangBeside(request, context.options, {
      provider: 'openai',
      ready: this.#hasKey,
      renew: async (attempt) => {
        await this.prepareOptions(context.options)
        const { req } = await this.buildRequest(context.options, { retryCount: attempt - 1 })
        const headers = new Headers(req.headers)
        tellTimeout(headers, context.options)
        return { headers, ...(typeof req.body === 'string' && { text: req.body }) }
      },
    })
  }

  protected override makeStatusError(...args: Parameters<OpenAI['makeStatusError']>): ReturnType<OpenAI['makeStatusError']> {
    const error = super.makeStatusError(...args)
    const report = reportBehind(args[3])
    if (report) Object.defineProperty(error, 'leash', { value: report, enumerable: false })
    return error
  }
}

type PostOptions = Parameters<OpenAI['post']>[1]

/** Options may come as a promise; waiting for those that do not would delay every call. */
function mine(options: PostOptions, client: OpenAI): PostOptions {
  return options instanceof Promise
    ? options.then((given: RequestOptions = {}) => takeOver(given, client))
    : takeOver(options ?? {}, client)
}

/**
 * Private in the SDK's types, and a plain member in every version that we take; the client's tests hold it on both majors.
 * A second promise around each answer would do without it, at the price of a tenth of the whole call.
 */
interface Parsing {
  parseResponse(client: unknown, props: { readonly response: Response }): Promise<unknown>
}

/** What is made of this answer carries its report: the SDK's own helpers, such as `parse()`, make copies. */
function reporting<T>(answer: APIPromise<T>): APIPromise<T> {
  const inside = answer as unknown as Parsing
  const parse = inside.parseResponse
  inside.parseResponse = (client, props) =>
    parse(client, props).then((made) => {
      attachReport(made, reportBehind(props.response.headers))
      return made
    })
  const unwrap = answer._thenUnwrap.bind(answer)
  answer._thenUnwrap = (transform) => reporting(unwrap(transform))
  return answer
}

interface Prepared {
  readonly openai: ClientOptions
  readonly leash: Leash
  readonly hasKey: boolean
  readonly leashable: boolean
}

/** What a client hands on to those that `withOptions()` makes of it, so that they share its leash. */
interface Kept {
  readonly options: LeashOptions
  readonly inside: LeashInside
  readonly hasKey: boolean
}

function prepare(options: LeashLLMOptions & { [kept]?: Kept }): Prepared {
  const { [kept]: inherited, ...all } = options
  const { asked, openai } = divided(all)
  // `withOptions()` hands us the fetch that we gave to the client it was called on.
  const { fetch } = openai
  const transport = fetch && (transportBehind(fetch) ?? fetch)
  const whole: LeashOptions = { ...inherited?.options, ...asked, ...(transport && { fetch: transport }) }
  const inside = inherited && Object.keys(asked).length === 0 ? inherited.inside : openLeash(whole)
  const leashable = !['provider', 'credential', 'x509Transport'].some(
    (name) => name in openai && openai[name as keyof ClientOptions] != null,
  )
  if (!leashable) return { openai, leash: inside.leash, hasKey: true, leashable }
  const own = asked.providers?.openai
  const ownKey = keyOf(own)
  const given = isSome(openai.apiKey, openai.adminAPIKey, openai.workloadIdentity)
  const found = isSome(ownKey, readEnv('OPENAI_API_KEY'), readEnv('OPENAI_ADMIN_KEY'))
  // What is given in code comes before the environment: an OpenAI among the providers is where its models are.
  const hasKey = inherited?.hasKey ?? (given || (found && (own === undefined || openai.baseURL != null)))
  return {
    openai: {
      ...openai,
      ...(!given && ownKey !== undefined && { apiKey: ownKey }),
      ...(!given && !found && inside.configured().length > 0 && { apiKey: noKey }),
      fetch: inside.fetchFor('openai', transport),
      ...{ [kept]: { options: whole, inside, hasKey } satisfies Kept },
    },
    leash: inside.leash,
    hasKey,
    leashable,
  }
}

/** The leash's own options, and OpenAI's. `fetch` is both's: what the SDK was given carries our requests. */
function divided(options: LeashLLMOptions): { readonly asked: LeashOptions; readonly openai: ClientOptions } {
  const entries = Object.entries(options)
  const isOurs = ([name, value]: [string, unknown]) => name !== 'fetch' && isOption(name) && value !== undefined
  return {
    asked: Object.fromEntries(entries.filter(isOurs)),
    openai: Object.fromEntries(entries.filter(([name]) => name === 'fetch' || !isOption(name))),
  }
}

/** For what the SDK sends by itself: files, batches, the list of models. */
function keyOf(own: NonNullable<LeashOptions['providers']>['openai']): ClientOptions['apiKey'] | undefined {
  const key = own && 'apiKey' in own ? own.apiKey : undefined
  return typeof key === 'function' ? async () => key() : typeof key === 'string' ? key : undefined
}

function isSome(...credentials: readonly unknown[]): boolean {
  return credentials.some((credential) => credential != null && credential !== '')
}
