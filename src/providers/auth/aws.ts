/**
 * Addresses and signs requests to Amazon Bedrock by AWS's own SDK, which knows the partitions, the credential chain and
 * Signature Version 4. It builds the request, is given our body in place of its own, signs it, and is stopped before it
 * sends: what carries requests is ours.
 */
import type { BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime'
import { LeashError } from '../../core/errors.js'
import { compact } from '../../core/json.js'
import { absent, loadOptional } from '../../core/optional.js'
import type { HttpRequest } from '../../core/provider.js'
import { abortError } from '../../core/signals.js'
import type { HeaderMap } from '../headers.js'
import { clockOf } from './aws-clock.js'
import { isSmithyRequest, type SmithyRequest, urlOf } from './aws-request.js'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they end. A function is asked again shortly before. */
  readonly expiration?: Date
}

/** A `BedrockRuntimeClient`. */
export interface AwsClient {
  send(command: object, options?: object): unknown
}

export interface AwsSettings {
  readonly region: string | undefined
  readonly profile: string | undefined
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>) | undefined
  readonly endpoint: string | undefined
  /** Used as it is, for its region, endpoint and credentials. */
  readonly client: AwsClient | undefined
}

export type Operation = 'Converse' | 'ConverseStream' | 'InvokeModel'

export interface AwsCall {
  readonly operation: Operation
  readonly model: string
  readonly body: string
  readonly headers: HeaderMap
  /** False: somebody else says who we are, by a header. */
  readonly signed: boolean
  readonly signal: AbortSignal | undefined
}

type Sdk = typeof import('@aws-sdk/client-bedrock-runtime')
type Command = InstanceType<Sdk['ConverseCommand']>

/** @param settings read on the first call */
export function awsRequests(provider: string, settings: () => AwsSettings): (call: AwsCall) => Promise<HttpRequest> {
  const opened = new Map<boolean, Promise<{ sdk: Sdk; client: AwsClient }>>()
  const ready = (signed: boolean) => {
    const known = opened.get(signed)
    if (known) return known
    const opening = open(settings(), signed).catch((error: unknown) => {
      opened.delete(signed)
      throw error
    })
    opened.set(signed, opening)
    return opening
  }
  return async function request(call) {
    try {
      const { sdk, client } = await ready(call.signed)
      const key = call.signed ? clockOf(client) : undefined
      const request = sendable(await unlessAborted(signed(client, commandFor(sdk, call), call), call.signal))
      return { ...request, ...(key && { key }) }
    } catch (error) {
      throw explain(error, provider)
    }
  }
}

async function open(settings: AwsSettings, signed: boolean): Promise<{ sdk: Sdk; client: AwsClient }> {
  const sdk = await loadOptional('@aws-sdk/client-bedrock-runtime', async () => {
    try {
      return await import('@aws-sdk/client-bedrock-runtime')
    } catch (error) {
      return absent(error)
    }
  })
  const { region, profile, endpoint } = settings
  const credentials = typeof settings.credentials === 'function' ? asked(settings.credentials) : settings.credentials
  const client = signed ? settings.client : undefined
  const config: BedrockRuntimeClientConfig = {
    ...compact({
      region: region ?? (signed || endpoint === undefined ? undefined : 'us-east-1'),
      profile,
      credentials,
      endpoint,
    }),
    // Whoever says who we are does so in a header of ours: AWS's own must only be let through.
    ...(signed ? { authSchemePreference: ['sigv4'] } : { authSchemePreference: ['httpBearerAuth'], token: { token: 'none' } }),
    maxAttempts: 1,
    // Its default speaks HTTP/2, and so signs `:authority` in place of `host`.
    requestHandler: {
      metadata: { handlerProtocol: 'http/1.1' },
      handle: () => Promise.reject(new Error('Nothing is sent here.')),
    },
  }
  return { sdk, client: client ?? new sdk.BedrockRuntimeClient(config) }
}

/** What a function of the user's failed of. */
const notGiven = new WeakSet<object>()

function asked(give: () => Promise<AwsCredentials>): () => Promise<AwsCredentials> {
  return async () => {
    try {
      const given = await give()
      if (!given) throw new Error('it gave none')
      return given
    } catch (error) {
      const failure = error instanceof Error ? error : new Error('it failed')
      notGiven.add(failure)
      throw failure
    }
  }
}

/** The body is a stand-in; the address is made of the model. */
function commandFor(sdk: Sdk, { operation, model }: AwsCall): Command {
  switch (operation) {
    case 'Converse':
      return new sdk.ConverseCommand({ modelId: model, messages: [] })
    case 'ConverseStream':
      return new sdk.ConverseStreamCommand({ modelId: model, messages: [] }) as unknown as Command
    case 'InvokeModel':
      return new sdk.InvokeModelCommand({ modelId: model, body: '{}' }) as unknown as Command
  }
}

/** https://aws.amazon.com/blogs/developer/middleware-stack-modular-aws-sdk-js/ */
async function signed(client: AwsClient, command: Command, { body, headers }: AwsCall): Promise<SmithyRequest> {
  let caught: unknown
  command.middlewareStack.add(
    (next) => (args) => {
      const request = smithyRequest(args.request)
      request.body = body
      request.headers = { ...request.headers, 'content-type': 'application/json', ...headers }
      return next(args)
    },
    // Before the length of the body is taken, and long before it is signed.
    { step: 'build', priority: 'high', name: 'leashBody' },
  )
  command.middlewareStack.add(
    (next) => (args) => {
      const request = smithyRequest(args.request)
      const { ':authority': authority, ...rest } = request.headers
      if (authority !== undefined) request.headers = { ...rest, host: authority }
      return next(args)
    },
    // After the host was set: a client that speaks HTTP/2 signs `:authority`, and we may not speak it.
    { step: 'build', priority: 'low', name: 'leashHost' },
  )
  command.middlewareStack.add(
    () => async (args) => {
      caught = args.request
      return { response: {}, output: { $metadata: {} } as never }
    },
    // After the signature, which is made at the beginning of this step.
    { step: 'finalizeRequest', priority: 'low', name: 'leashCatch' },
  )
  await client.send(command)
  return smithyRequest(caught)
}

function smithyRequest(value: unknown): SmithyRequest {
  if (isSmithyRequest(value)) return value
  throw new LeashError('invalid_config', 'This version of @aws-sdk/client-bedrock-runtime is not known. Install a 3.x of it.')
}

/** Made by whoever sends it, from the address and the body: a copy could only contradict them. */
const madeByTransport = new Set(['host', 'content-length'])

function sendable(request: SmithyRequest): HttpRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    const lower = name.toLowerCase()
    if (!madeByTransport.has(lower)) headers[lower] = value
  }
  return { url: urlOf(request), method: request.method, headers, body: request.body as string }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortError(signal))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

const howTo =
  'Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; or pass `apiKey`, `credentials` or `profile`.'

/** Of a token service that is slow, away, or asked too often. */
const passing =
  /timeout|timed out|ECONN|ENOTFOUND|EAI_AGAIN|socket hang up|fetch failed|throttl|TooManyRequests|Unavailable|InternalFailure|InternalServer/i

/** Without the SDK's own error as the cause: it can hold the answer of a token service. */
function explain(error: unknown, provider: string): unknown {
  if (error instanceof LeashError) return error
  const { name, message } = error instanceof Error ? error : { name: '', message: 'unknown reason' }
  const why = message.split('\n', 1)[0]?.slice(0, 200)
  if (/region is missing|invalid configuration: missing region/i.test(message))
    return new LeashError('invalid_config', `There is no AWS region for "${provider}". Set AWS_REGION, or pass \`region\`.`)
  if (/could not load credentials/i.test(message))
    return new LeashError('missing_key', `No AWS credentials were found for "${provider}". ${howTo}`)
  if (passing.test(`${name} ${message}`) || (error instanceof Error && '$fault' in error && error.$fault === 'server'))
    return new LeashError('network_error', `The AWS credentials of "${provider}" could not be fetched: ${why}`, {
      retryable: true,
    })
  if (/Provider(Error|Exception)$|Token|Sso|AccessDenied/i.test(name))
    return new LeashError('authentication_failed', `The AWS credentials of "${provider}" cannot be used: ${why}`)
  if (error instanceof Error && notGiven.has(error))
    return new LeashError('missing_key', `The \`credentials\` function of "${provider}" failed: ${why}`)
  return new LeashError('invalid_config', `AWS's SDK could not build the request of "${provider}": ${why}`)
}
