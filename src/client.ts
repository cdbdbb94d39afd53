import OpenAI, { APIPromise, type ClientOptions } from 'openai'
import type {} from './augment.js'
import { isOption } from './config/schema.js'
import { LeashError } from './core/errors.js'
import { Lazy } from './core/lazy.js'
import { LinkedAbort } from './core/signals.js'
import type { Transport } from './core/transport.js'
import { type Built, failed, identify, type Props, propsOf, readWhole, releaseAfter, stepsOf, takesSteps } from './direct.js'
import { attachReport, without } from './fetch.js'
import { reportBehind } from './leashed-headers.js'
import { type Leash, type LeashInside, type LeashOptions, openLeash } from './open-leash.js'
import type { PlainRequests } from './plain-requests.js'
import { checkedKey } from './providers/credentials.js'
import { readEnv } from './providers/env.js'
import type { ApiKeys } from './providers/options.js'
import { hangBeside, isLeashed, owned, type StainlessOptions, takeOver, tellTimeout } from './stainless.js'

/** OpenAI's own options, and the leash's beside them. */
export interface LeashLLMOptions extends ClientOptions, Omit<LeashOptions, 'fetch' | 'maxBodyBytes'> {}

type RequestOptions = Exclude<Awaited<Parameters<OpenAI['post']>[1]>, undefined>
type FinalRequestOptions = Parameters<OpenAI['buildRequest']>[0]

const kept = Symbol('leashllm.kept')

/** Stands where OpenAI's key would, which other providers do without. No request over HTTP is sent with it. */
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
  /** Absent where the SDK itself sees to its credentials, which it does around `fetch`. */
  readonly #straight: typeof fetch | undefined

  /** False for a client that asks for its key each time. */
  readonly #keepsKey: boolean
  #plain: PlainRequests | undefined

  constructor(options: LeashLLMOptions = {}) {
    const set = prepare(options)
    super(set.openai)
    this.leash = set.leash
    this.#hasKey = set.hasKey
    this.#leashable = set.leashable
    this.#straight = set.straight
    this.#keepsKey = set.straight !== undefined && typeof set.openai.apiKey !== 'function'
  }

  override post<Rsp>(...[path, options]: Parameters<OpenAI['post']>): APIPromise<Rsp> {
    if (!this.#leashable || !isLeashed(path)) return super.post<Rsp>(path, options)
    const own = mine(options, this)
    if (!this.#straight || !this.#isPlain(this.#straight)) return reporting(super.post<Rsp>(path, own))
    return reporting(new APIPromise<Rsp>(this, this.#send(path, own, this.#straight)), true)
  }

  /** Whether the SDK's own loop has nothing to add. */
  #isPlain(fetch: Transport): boolean {
    const logs = this.logLevel === 'info' || this.logLevel === 'debug'
    return !logs && Reflect.get(this, 'fetch') === fetch && takesSteps(this, ownSteps)
  }

  /** A failure goes through the SDK's own loop after all, which has the words for it. */
  async #send(path: string, given: PostOptions, fetch: Transport): Promise<Props> {
    const options: FinalRequestOptions & StainlessOptions = { method: 'post', path, ...(await given) }
    const inLoop = (options: StainlessOptions) => super.post(path, options).asResponse()
    if (!options[owned]) return propsOf(options, await inLoop(options))
    await this.prepareOptions(options)
    const built = await this.#build(options)
    const { req, url } = built
    await this.prepareRequest(req, { url, options })
    const abort = options.stream ? new LinkedAbort(req.signal) : undefined
    if (abort) void plainStream.get().catch(() => {})
    const outcome = fetch(url, { ...req, method: 'POST', ...(abort && { signal: abort.signal }) })
    const first = await outcome.catch(() => undefined)
    if (abort && req.signal) releaseAfter(first, abort)
    const response = first?.ok ? first : await inLoop({ ...options, [failed]: { built, outcome } })
    return propsOf(options, response, abort?.controller)
  }

  /** As the SDK builds it, and where it can, without building it anew. */
  async #build(options: FinalRequestOptions): Promise<Built> {
    const plain = this.#plainRequests()
    const settings = plain && this.#settings(options)
    const known = settings && plain.build(options, settings)
    if (known) return known
    const built = await this.buildRequest(options, { retryCount: 0 })
    if (settings) plain.learn(options, settings, built)
    return built
  }

  /** Loaded while the first call is under way, which has no use for them. */
  #plainRequests(): PlainRequests | undefined {
    const { value } = plainRequests
    if (value) this.#plain ??= new value()
    else void plainRequests.get().catch(() => {})
    return this.#plain
  }

  /** What shows in a request beside its options; undefined where that is more than can be compared. */
  #settings({ __security }: FinalRequestOptions): readonly unknown[] | undefined {
    const { defaultHeaders, defaultQuery } = this._options
    if (!this.#keepsKey || defaultHeaders || defaultQuery || this.fetchOptions || this.idempotencyHeader !== undefined)
      return undefined
    const { baseURL, organization, project, apiKey, adminAPIKey } = this
    return [baseURL, organization, project, apiKey, adminAPIKey, __security?.bearerAuth, __security?.adminAPIKeyAuth]
  }

  protected override async prepareOptions(options: FinalRequestOptions): Promise<void> {
    if (!(options as StainlessOptions)[failed]) await super.prepareOptions(options)
  }

  override async buildRequest(...[options, retries]: Parameters<OpenAI['buildRequest']>): Promise<Built> {
    return (options as StainlessOptions)[failed]?.built ?? super.buildRequest(options, retries)
  }

  protected override async bearerAuth(...given: Parameters<OpenAI['bearerAuth']>): ReturnType<OpenAI['bearerAuth']> {
    const auth = await super.bearerAuth(...given).catch((error: unknown) => {
      // Of a header that cannot be, whose text shows the key.
      if (error instanceof TypeError) checkedKey('', 'openai')
      throw error
    })
    const sent = auth?.values.get('authorization')
    if (sent) checkedKey(sent, 'openai')
    return auth
  }

  protected override async prepareRequest(...[request, context]: Parameters<OpenAI['prepareRequest']>): Promise<void> {
    await super.prepareRequest(request, context)
    const options: FinalRequestOptions & StainlessOptions = context.options
    if (!options[owned] && new Headers(request.headers).get('authorization') === `Bearer ${noKey}`)
      throw new LeashError(
        'missing_key',
        `There is no key for "openai" (${options.path}). Set OPENAI_API_KEY, or pass \`apiKey\`.`,
      )
    hangBeside(request, options, {
      provider: 'openai',
      ready: this.#hasKey,
      renew: async (attempt) => {
        await this.prepareOptions(options)
        const { req } = await this.buildRequest(options, { retryCount: attempt - 1 })
        const headers = new Headers(req.headers)
        tellTimeout(headers, options)
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

const ownSteps = stepsOf(LeashLLM.prototype)
const plainStream = new Lazy(async () => (await import('./plain-stream.js')).readPlainly)
const plainRequests = new Lazy(async () => (await import('./plain-requests.js')).PlainRequests)

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
  parseResponse(client: unknown, props: Props): Promise<unknown>
}

async function readStream(making: Promise<unknown>, props: Props): Promise<unknown> {
  const [made, readPlainly] = await Promise.all([making, plainStream.value ?? plainStream.get()])
  readPlainly(made, props, OpenAI.OpenAIError)
  return made
}

/**
 * What is made of this answer carries its report: the SDK's own helpers, such as `parse()`, make copies.
 *
 * @param straight it did not go through the SDK's own loop, and need not be read as if it had
 */
function reporting<T>(answer: APIPromise<T>, straight = false): APIPromise<T> {
  const inside = answer as unknown as Parsing
  const parse = inside.parseResponse
  const unwrap = answer._thenUnwrap.bind(answer)
  const read: Parsing['parseResponse'] = (client, props) => {
    if (!straight) return parse(client, props)
    return props.options.stream ? readStream(parse(client, props), props) : readWhole(props)
  }
  const parseTold: Parsing['parseResponse'] = (client, props) =>
    read(client, props).then((made) => {
      attachReport(made, reportBehind(props.response.headers))
      return made
    })
  const unwrapTold: typeof unwrap = (transform) => reporting(unwrap(transform))
  inside.parseResponse = parseTold
  answer._thenUnwrap = unwrapTold
  // Tracers put a proxy around an answer, which has none of its private members.
  answer.withResponse = answer.withResponse.bind(answer)
  if (straight) unwrapOnce(answer)
  return answer
}

/**
 * The SDK's resources unwrap what `post()` gave them before anybody else has it. Once, the same promise can do for that:
 * another would cost a twentieth of the whole call.
 */
function unwrapOnce<T>(answer: APIPromise<T>): void {
  const inside = answer as unknown as Parsing
  const unwrap = answer._thenUnwrap
  const unwrapHere: typeof unwrap = (transform) => {
    answer._thenUnwrap = unwrap
    const parse = inside.parseResponse
    const parseUnwrapped: Parsing['parseResponse'] = async (client, props) => {
      const made = await parse(client, props)
      const unwrapped = transform(made as T, props)
      if (unwrapped !== made) identify(unwrapped, props.response)
      attachReport(unwrapped, reportBehind(props.response.headers))
      return unwrapped
    }
    inside.parseResponse = parseUnwrapped
    return answer as unknown as ReturnType<typeof unwrap<ReturnType<typeof transform>>>
  }
  answer._thenUnwrap = unwrapHere
}

interface Prepared {
  readonly openai: ClientOptions
  readonly leash: Leash
  readonly hasKey: boolean
  readonly leashable: boolean
  readonly straight?: typeof fetch
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
  // `withOptions()` hands us the fetch that we gave to the client it was called on, and `wrap` one that is laid around it.
  const { fetch } = openai
  const transport = fetch && inherited ? without(inherited.inside.engine, fetch) : fetch
  const own = asked.providers?.openai
  const ownKeys = own && 'apiKey' in own ? own.apiKey : undefined
  const given = isSome(openai.apiKey, openai.adminAPIKey, openai.workloadIdentity)
  // Several keys share the calls at their provider's address: the client's, where it alone was given one.
  const there = Array.isArray(ownKeys) && !given && openai.baseURL != null && { openai: { baseURL: openai.baseURL, ...own } }
  const whole: LeashOptions = {
    ...inherited?.options,
    ...asked,
    ...(there && { providers: { ...asked.providers, ...there } }),
    ...(transport && { fetch: transport }),
  }
  const inside = inherited && Object.keys(asked).length === 0 ? inherited.inside : openLeash(whole)
  const leashable = !['provider', 'credential', 'x509Transport'].some((name) => openai[name as keyof ClientOptions] != null)
  if (!leashable) {
    if (whole.redact || whole.modules?.length)
      throw new LeashError(
        'invalid_config',
        '`redact` and `modules` see no calls with `provider`, `credential` or `x509Transport`.',
      )
    return { openai, leash: inside.leash, hasKey: true, leashable }
  }
  const ownKey = keyOf(ownKeys)
  // A key that is meant for that address is not to go to another, whatever the call.
  const ownBase = own && 'baseURL' in own && openai.baseURL == null ? own.baseURL : undefined
  const found = isSome(ownKey, readEnv('OPENAI_API_KEY'), readEnv('OPENAI_ADMIN_KEY'))
  // What is given in code comes before the environment: an OpenAI among the providers is where its models are.
  const hasKey = inherited?.hasKey ?? (given || (found && (own === undefined || openai.baseURL != null)))
  const leashed = inside.fetchFor('openai', transport, true)
  return {
    openai: {
      ...openai,
      ...(!given && { ...(ownKey !== undefined && { apiKey: ownKey }), ...(ownBase !== undefined && { baseURL: ownBase }) }),
      ...(!given && !found && { apiKey: noKey }),
      fetch: leashed,
      ...{ [kept]: { options: whole, inside, hasKey } satisfies Kept },
    },
    leash: inside.leash,
    hasKey,
    leashable,
    ...(openai.workloadIdentity == null && { straight: leashed }),
  }
}

/** `fetch` is both's: what the SDK was given carries our requests. The others are one letter off one of ours. */
const theirs = ['fetch', 'timeout', 'provider']

/** The leash's own options, with what is only misspelt: it is refused as one of ours, and OpenAI's client would say nothing. And OpenAI's. */
function divided(options: LeashLLMOptions): { readonly asked: LeashOptions; readonly openai: ClientOptions } {
  const isOurs = (name: string) => !theirs.includes(name) && isOption(name)
  const ours = Object.entries(options).filter(([name]) => isOurs(name))
  // What is named by a symbol is the SDK's own word to the copies that it makes of a client.
  const openai: ClientOptions = { ...options }
  for (const [name] of ours) Reflect.deleteProperty(openai, name)
  return { asked: Object.fromEntries(ours.filter(([, value]) => value !== undefined)), openai }
}

/** For what the SDK sends by itself: files, batches, the list of models. Of several keys it takes the first. */
function keyOf(given: ApiKeys | undefined): ClientOptions['apiKey'] | undefined {
  const [first] = [given].flat()
  const key = typeof first === 'object' ? first?.key : first
  return typeof key === 'function' ? async () => key() : key
}

function isSome(...credentials: readonly unknown[]): boolean {
  return credentials.some((credential) => credential != null && credential !== '')
}
