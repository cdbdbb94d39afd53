import { LeashError } from '../core/errors.js'
import type { HttpRequest, Provider, WireRequest } from '../core/provider.js'
import { traitsOf } from '../protocols/bedrock-converse/models.js'
import type { AwsClient, AwsCredentials, awsRequests, Operation } from './auth/aws.js'
import { baseUrl } from './base-url.js'
import { authorizer, bearer, hasCredential } from './credentials.js'
import { notSpoken } from './endpoint.js'
import { readEnv } from './env.js'
import { authenticates, checkedHeaders } from './headers.js'
import { type ApiKey, type ProviderOptions, traitsWith } from './options.js'

export interface BedrockOptions extends Omit<ProviderOptions, 'apiKey' | 'keys'> {
  /** A Bedrock API key. @defaultValue `AWS_BEARER_TOKEN_BEDROCK`, else requests are signed */
  readonly apiKey?: ApiKey | undefined
  /** @defaultValue `AWS_REGION` or `AWS_DEFAULT_REGION`, else the region of the profile */
  readonly region?: string | undefined
  /** @defaultValue what AWS's credential chain finds: variables, the profile's files, single sign-on, the machine's own role */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>) | undefined
  /** A section of `~/.aws/config`. `'default'` also lets the chain look for the role of the machine. */
  readonly profile?: string | undefined
  /** The same as `baseURL`, in AWS's word. */
  readonly endpoint?: string | undefined
  /** A `BedrockRuntimeClient` of yours, whose region, endpoint and credentials are used. */
  readonly client?: AwsClient | undefined
}

/** Where AWS's chain may find credentials, as far as a variable tells. */
const traces = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/**
 * Amazon Bedrock: Claude, Nova, Llama, Mistral and the others by the Converse API; embeddings by InvokeModel. Needs the
 * package `@aws-sdk/client-bedrock-runtime`, which is loaded on the first call. Takes model ids, inference profiles and ARNs.
 *
 * For a name that does not tell its model (an application inference profile), say it: the model decides what is sent.
 * @example
 * bedrock({ region: 'eu-central-1', traits: (model) => (model.endsWith('ab12cd') ? { baseModel: 'anthropic.claude-sonnet-4-5' } : {}) })
 */
export function bedrock(options: BedrockOptions = {}): Provider {
  const { name = 'bedrock', env, profile, client } = options
  const own = checkedHeaders(options.headers, name)
  const endpoint = (options.endpoint ?? options.baseURL)?.replace(/\/+$/, '')
  if (endpoint !== undefined) baseUrl(endpoint, name)
  const region = () => options.region ?? readEnv('AWS_REGION', env) ?? readEnv('AWS_DEFAULT_REGION', env)
  // Credentials given in code are meant, whatever key the environment has.
  const chosen = options.credentials ?? profile ?? client
  const keys = [
    {
      option: 'apiKey',
      given: options.apiKey,
      variables: chosen === undefined ? ['AWS_BEARER_TOKEN_BEDROCK'] : [],
      headers: bearer,
    },
  ]
  const authorize = authorizer(name, keys, env)
  const settings = () => ({
    region: region(),
    profile,
    credentials: options.credentials ?? (chosen === undefined && env ? credentialsIn(env) : undefined),
    endpoint,
    client,
  })
  // Loaded with the first call: nobody else has a use for it.
  let request: Promise<ReturnType<typeof awsRequests>> | undefined

  return {
    name,
    protocols: ['bedrock-converse', 'bedrock-embeddings'],
    traits: traitsWith(traitsOf, options.traits),
    missing() {
      if (client) return undefined
      const placed = region() ?? endpoint ?? profile ?? readEnv('AWS_PROFILE', env)
      if (placed === undefined) return 'Set AWS_REGION, or pass `region`.'
      if (chosen !== undefined || authenticates(own) || hasCredential(keys, env)) return undefined
      if (traces.some((trace) => readEnv(trace, env) !== undefined)) return undefined
      return (
        'Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; ' +
        "or pass `apiKey`, `credentials`, or `profile` ('default' also finds the role of the machine)."
      )
    },
    async prepare(wire) {
      const operation = operationOf(wire, name)
      // AWS's SDK would address `/model//converse` with it, or `/model/../converse`.
      if (/^[\s.]*$/.test(wire.model))
        throw new LeashError('invalid_request', `"${name}" needs a model. Write its id, such as amazon.nova-lite-v1:0.`, {
          param: 'model',
        })
      const key = authenticates(own) ? {} : await authorize()
      const signed = key === undefined
      request ??= import('./auth/aws.js').then(({ awsRequests }) => awsRequests(name, settings))
      const send = await request
      const sent = await send({
        operation,
        model: wire.model,
        body: wire.text ?? JSON.stringify(wire.body),
        headers: { ...wire.headers, ...own },
        signed,
        signal: wire.signal,
      })
      return signed ? sent : unsigned(sent, { ...key, ...own })
    },
  }
}

/** What AWS's SDK put where the proof of identity goes has no meaning: ours takes its place. */
function unsigned(request: HttpRequest, proof: Readonly<Record<string, string>>): HttpRequest {
  const { authorization: _, ...headers } = request.headers
  return { ...request, headers: { ...headers, ...proof } }
}

function operationOf({ protocol, stream }: WireRequest, name: string): Operation {
  if (protocol === 'bedrock-converse') return stream ? 'ConverseStream' : 'Converse'
  if (protocol === 'bedrock-embeddings') return 'InvokeModel'
  throw notSpoken(name, protocol)
}

/** AWS's own chain reads `process.env` alone. */
function credentialsIn(env: NonNullable<ProviderOptions['env']>): AwsCredentials | undefined {
  const accessKeyId = readEnv('AWS_ACCESS_KEY_ID', env)
  const secretAccessKey = readEnv('AWS_SECRET_ACCESS_KEY', env)
  const sessionToken = readEnv('AWS_SESSION_TOKEN', env)
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}
