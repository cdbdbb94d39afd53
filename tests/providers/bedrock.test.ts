import { execFile } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { build } from 'esbuild'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { WireRequest } from '../../src/core/provider.js'
import { createLeash } from '../../src/leash.js'
import { type BedrockOptions, bedrock } from '../../src/providers/bedrock.js'
import { bare, type Received, sent, upstream, wire } from './upstream.js'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const region = 'us-east-1'
const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12'
const body = { messages: [{ role: 'user', content: [{ text: 'Grüße' }] }] }

const ask = (over: Partial<WireRequest> = {}) =>
  wire({ protocol: 'bedrock-converse', model: 'amazon.nova-lite-v1:0', body, ...over })
const prepare = (options: BedrockOptions = {}, over: Partial<WireRequest> = {}) =>
  Promise.resolve(bedrock({ region, env: bare, ...options }).prepare(ask(over)))
const failure = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error('it went well')),
    (error: unknown) => error,
  )

/**
 * The signature that AWS would compute for what its server has read, written from
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function expectedSignature({ method, path, headers, body }: Received): string {
  const hex = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const { authorization = '', 'x-amz-date': date = '' } = headers as Record<string, string>
  const [, scope = '', names = ''] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(authorization) ?? []
  const canonical = [
    method,
    path.split('/').map(encodeURIComponent).join('/'),
    '',
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    hex(body),
  ].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${credentials.secretAccessKey}`)
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope, hex(canonical)].join('\n')).toString('hex')
}

const signatureIn = ({ headers }: Received) => /Signature=(\w+)$/.exec(headers.authorization ?? '')?.[1]

afterEach(() => {
  vi.useRealTimers()
})

describe('a request signed for Bedrock', () => {
  test.each([
    ['/model/amazon.nova-lite-v1%3A0/converse', {}],
    ['/model/amazon.nova-lite-v1%3A0/converse-stream', { stream: true }],
    ['/model/amazon.titan-embed-text-v2%3A0/invoke', { protocol: 'bedrock-embeddings', model: 'amazon.titan-embed-text-v2:0' }],
    ['/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fab12/converse', { model: arn }],
  ])('goes to %s, and its signature is the one that AWS computes', async (path, over) => {
    await using server = await upstream()
    const received = await sent(bedrock({ region, credentials, baseURL: server.url, env: bare }), ask(over), server)
    expect(received).toMatchObject({ method: 'POST', path, body: JSON.stringify(body) })
    expect(received.headers).toMatchObject({ 'content-type': 'application/json', host: new URL(server.url).host })
    expect(signatureIn(received)).toBe(expectedSignature(received))
  })

  test("is what AWS's own SDK sends at the same moment", async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 21, 12) })
    await using server = await upstream()
    const provider = bedrock({ region, credentials, baseURL: server.url, env: bare })
    let id: string | undefined
    const sameId =
      (next: (args: { request: unknown; input: object }) => unknown) => (args: { request: unknown; input: object }) => {
        const { headers } = args.request as { headers: Record<string, string> }
        if (id) headers['amz-sdk-invocation-id'] = id
        return next(args)
      }
    // A client sets its clock by the first answer that it gets: each sends once.
    const theirs = async (stream: boolean) => {
      const client = new BedrockRuntimeClient({
        region,
        credentials,
        endpoint: server.url,
        maxAttempts: 1,
        requestHandler: new NodeHttpHandler(),
      })
      client.middlewareStack.addRelativeTo(sameId as Parameters<typeof client.middlewareStack.addRelativeTo>[0], {
        relation: 'before',
        toMiddleware: 'httpSigningMiddleware',
      })
      const asked = { modelId: 'amazon.nova-lite-v1:0', messages: [{ role: 'user' as const, content: [{ text: 'Grüße' }] }] }
      await client
        .send((stream ? new ConverseStreamCommand(asked) : new ConverseCommand(asked)) as ConverseCommand)
        .catch(() => {})
      return server.received.at(-1) as Received
    }
    for (const stream of [false, true]) {
      id = undefined
      const { body: text } = await theirs(stream)
      const ours = await sent(provider, ask({ stream, text }), server)
      id = String(ours.headers['amz-sdk-invocation-id'])
      const same = await theirs(stream)
      expect(signatureIn(same)).toBe(expectedSignature(same))
      expect(ours.headers.authorization).toBe(same.headers.authorization)
      expect(ours).toMatchObject({ path: same.path, body: same.body })
    }
  })

  test('carries the session token, signed', async () => {
    await using server = await upstream()
    const env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: 'session',
    }
    const received = await sent(bedrock({ baseURL: server.url, env: { ...env, AWS_DEFAULT_REGION: 'eu-west-1' } }), ask(), server)
    expect(received.headers['x-amz-security-token']).toBe('session')
    expect(received.headers.authorization).toMatch(/\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=.*x-amz-security-token/)
    expect(signatureIn(received)).toBe(expectedSignature(received))
  })

  test("signs the caller's headers and the user's own", async () => {
    await using server = await upstream()
    const provider = bedrock({ region, credentials, baseURL: server.url, env: bare, headers: { 'X-Team': 'search' } })
    const received = await sent(provider, ask({ headers: { 'x-amzn-bedrock-trace': 'ENABLED' } }), server)
    expect(received.headers).toMatchObject({ 'x-team': 'search', 'x-amzn-bedrock-trace': 'ENABLED' })
    expect(received.headers.authorization).toMatch(/SignedHeaders=.*x-amzn-bedrock-trace;x-team/)
    expect(signatureIn(received)).toBe(expectedSignature(received))
  })

  test("sends the caller's own bytes when nothing changed them", async () => {
    const { body: sentBody } = await prepare({ credentials }, { text: '{ "messages" : [] }' })
    expect(sentBody).toBe('{ "messages" : [] }')
  })

  test('asks a function for credentials', async () => {
    const give = vi.fn(async () => credentials)
    const { headers } = await prepare({ credentials: give })
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//)
    expect(give).toHaveBeenCalled()
  })

  test('a copy of the body or of the host, which the transport makes itself, is not among the headers', async () => {
    const { headers } = await prepare({ credentials })
    expect(Object.keys(headers)).toEqual(Object.keys(headers).map((name) => name.toLowerCase()))
    expect(headers).not.toHaveProperty('host')
    expect(headers).not.toHaveProperty('content-length')
    expect(headers.authorization).toContain(
      'SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;',
    )
  })
})

describe('the address of Bedrock', () => {
  test.each([
    ['us-east-1', 'https://bedrock-runtime.us-east-1.amazonaws.com'],
    ['cn-north-1', 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'https://bedrock-runtime.us-gov-west-1.amazonaws.com'],
  ])('is that of the region, in its partition: %s', async (region, base) => {
    expect((await prepare({ region, credentials })).url).toBe(`${base}/model/amazon.nova-lite-v1%3A0/converse`)
    expect((await prepare({ region, apiKey: 'k' })).url).toBe(`${base}/model/amazon.nova-lite-v1%3A0/converse`)
  })

  test.each([{ AWS_REGION: 'eu-west-3', AWS_DEFAULT_REGION: 'us-west-2' }, { AWS_DEFAULT_REGION: 'eu-west-3' }])(
    'takes the region from %j',
    async (env) => {
      expect((await prepare({ region: undefined, credentials, env })).url).toContain('bedrock-runtime.eu-west-3.')
    },
  )

  test('is a base of the user’s, path and all', async () => {
    const path = 'http://127.0.0.1:9/gateway/model/amazon.nova-lite-v1%3A0/converse'
    expect((await prepare({ credentials, endpoint: 'http://127.0.0.1:9/gateway' })).url).toBe(path)
    expect((await prepare({ credentials, baseURL: 'http://127.0.0.1:9/gateway/' })).url).toBe(path)
    expect(() => bedrock({ baseURL: 'bedrock.example' })).toThrow(/base URL of "bedrock" is not an absolute URL/)
  })

  test.each(['', ' ', '.', '..'])('is none for a model that is called %j', async (model) => {
    await expect(bedrock({ region, credentials }).prepare(ask({ model }))).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('is for Converse and InvokeModel only', async () => {
    expect(await failure(prepare({ credentials }, { protocol: 'openai-chat' }))).toMatchObject({ code: 'unsupported' })
  })
})

test.each(['', ' '])('a model without a name (%j) has no address', async (model) => {
  expect(await failure(prepare({ credentials }, { model }))).toMatchObject({ code: 'invalid_request', param: 'model' })
})

describe('a key for Bedrock', () => {
  test('takes the place of a signature', async () => {
    await using server = await upstream()
    const received = await sent(bedrock({ apiKey: 'ABSKkey', baseURL: server.url, env: bare }), ask({ stream: true }), server)
    expect(received).toMatchObject({ path: '/model/amazon.nova-lite-v1%3A0/converse-stream', body: JSON.stringify(body) })
    expect(received.headers.authorization).toBe('Bearer ABSKkey')
    expect(received.headers).not.toHaveProperty('x-amz-date')
  })

  test('comes from AWS_BEARER_TOKEN_BEDROCK, unless credentials were given in code', async () => {
    const env = { AWS_BEARER_TOKEN_BEDROCK: 'ABSKenv' }
    expect((await prepare({ env })).headers.authorization).toBe('Bearer ABSKenv')
    expect((await prepare({ env, credentials })).headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /)
  })

  test('is not taken from the environment by the SDK behind our back', async () => {
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'ABSKprocess')
    try {
      expect((await prepare({ credentials })).headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('may be given by a function, asked each time', async () => {
    let count = 0
    const provider = bedrock({ region, env: bare, apiKey: () => `key${++count}` })
    const first = await provider.prepare(ask())
    const second = await provider.prepare(ask())
    expect([first.headers.authorization, second.headers.authorization]).toEqual(['Bearer key1', 'Bearer key2'])
  })

  test("stands beside the caller's headers and the user's own, and the user's own proof takes its place", async () => {
    const asked = ask({ headers: { 'x-amzn-bedrock-trace': 'ENABLED' } })
    const headersWith = async (headers: Record<string, string>) =>
      (await bedrock({ region, apiKey: 'ABSKkey', env: bare, headers }).prepare(asked)).headers
    expect(await headersWith({ 'X-Team': 'search' })).toMatchObject({
      'content-type': 'application/json',
      'x-amzn-bedrock-trace': 'ENABLED',
      'x-team': 'search',
      authorization: 'Bearer ABSKkey',
    })
    expect(await headersWith({ Authorization: 'Bearer gateway' })).toMatchObject({ authorization: 'Bearer gateway' })
  })

  test('may be a header of the user’s own, for a gateway', async () => {
    const { headers } = await prepare({ headers: { 'X-Api-Key': 'gateway' } })
    expect(headers['x-api-key']).toBe('gateway')
    expect(headers).not.toHaveProperty('authorization')
  })
})

describe('a client of the user’s', () => {
  test('lends its region, endpoint and credentials, whatever it sends with, and stays as it was', async () => {
    await using server = await upstream()
    // Its handler speaks HTTP/2, for which AWS signs another header than `host`.
    const client = new BedrockRuntimeClient({ region: 'ap-south-1', credentials, endpoint: server.url })
    const before = client.middlewareStack.identify()
    const received = await sent(bedrock({ client, env: bare }), ask(), server)
    expect(received.headers.authorization).toContain('/ap-south-1/bedrock/')
    expect(signatureIn(received)).toBe(expectedSignature(received))
    expect(client.middlewareStack.identify()).toEqual(before)
  })
})

describe('what is missing for Bedrock', () => {
  const missing = (options: BedrockOptions) => bedrock({ env: bare, ...options }).missing()

  test('is the region first, then the credentials', () => {
    expect(missing({})).toBe('Set AWS_REGION, or pass `region`.')
    expect(missing({ region })).toMatch(/^Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID/)
  })

  test.each<[string, BedrockOptions]>([
    ['credentials', { region, credentials }],
    ['a key', { region, apiKey: 'k' }],
    ['a profile', { profile: 'default' }],
    ['a client', { client: { send: () => undefined } }],
    ['a header', { baseURL: 'https://gateway.example', headers: { 'x-api-key': 'k' } }],
    ...[
      'AWS_BEARER_TOKEN_BEDROCK',
      'AWS_ACCESS_KEY_ID',
      'AWS_PROFILE',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    ].map((name): [string, BedrockOptions] => [name, { env: { [name]: 'x', AWS_REGION: region } }]),
  ])('is nothing with %s', (_, options) => {
    expect(missing(options)).toBeUndefined()
  })
})

describe('what goes wrong before a request to Bedrock', () => {
  test('without a region is said, with what to do', async () => {
    vi.stubEnv('AWS_REGION', undefined)
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    try {
      expect(await failure(prepare({ region: undefined, credentials }))).toMatchObject({
        code: 'invalid_config',
        detail: 'There is no AWS region for "bedrock". Set AWS_REGION, or pass `region`.',
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('without credentials is said, with what to do', async () => {
    const names = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    ]
    for (const name of names) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    try {
      expect(await failure(prepare())).toMatchObject({
        code: 'missing_key',
        message: expect.stringContaining('AWS_BEARER_TOKEN_BEDROCK'),
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('credentials that cannot be had are no secret, and are asked for again', async () => {
    let fails = true
    const give = async () => {
      if (fails) throw Object.assign(new Error('The SSO session has expired.\ntoken=abc'), { name: 'CredentialsProviderError' })
      return credentials
    }
    const provider = bedrock({ region, env: bare, credentials: give })
    const error = await failure(Promise.resolve(provider.prepare(ask())))
    expect(error).toMatchObject({ code: 'authentication_failed', retryable: false })
    expect((error as Error).message).toMatch(/The SSO session has expired\.$/)
    fails = false
    expect((await provider.prepare(ask())).headers).toHaveProperty('authorization')
  })

  test('a token service that cannot be reached is worth another try', async () => {
    const give = () =>
      Promise.reject(Object.assign(new Error('connect ECONNREFUSED 169.254.169.254:80'), { name: 'TimeoutError' }))
    expect(await failure(prepare({ credentials: give }))).toMatchObject({ code: 'network_error', retryable: true })
  })

  test.each([
    ['ThrottlingException', 'client'],
    ['ServiceUnavailable', 'server'],
    ['SomethingNew', 'server'],
  ])('so is one that answers %s', async (name, $fault) => {
    const give = () => Promise.reject(Object.assign(new Error('Later.'), { name, $fault }))
    expect(await failure(prepare({ credentials: give }))).toMatchObject({ code: 'network_error', retryable: true })
  })

  test.each([
    ['throws', () => Promise.reject(new Error('vault is sealed'))],
    ['throws what is no error', () => Promise.reject('sealed')],
    ['gives none', () => Promise.resolve(undefined as never)],
  ])('a function for credentials that %s is a missing key, for which a fallback steps in', async (_, credentials) => {
    expect(await failure(prepare({ credentials }))).toMatchObject({
      code: 'missing_key',
      message: expect.stringContaining('`credentials` function of "bedrock"'),
    })
  })

  test('a caller who gives up does not wait for credentials', async () => {
    const controller = new AbortController()
    const never = prepare({ credentials: () => new Promise(() => {}) }, { signal: controller.signal })
    controller.abort()
    expect(await failure(never)).toMatchObject({ code: 'aborted' })
    expect(await failure(prepare({ credentials }, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'aborted' })
  })

  test('a missing SDK is said with the command that installs it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bedrock-'))
    try {
      const outfile = join(folder, 'bedrock.mjs')
      const entryPoints = [fileURLToPath(new URL('../../src/providers/bedrock.ts', import.meta.url))]
      await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', external: ['@aws-sdk/*'] })
      const script = `
        const { bedrock } = await import(${JSON.stringify(pathToFileURL(outfile).href)})
        const asked = { protocol: 'bedrock-converse', model: 'm', stream: false, body: {}, headers: {} }
        await bedrock({ region: 'us-east-1', apiKey: 'k' }).prepare(asked).catch((error) => console.log(error.message))`
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
      expect(stdout).toBe(
        '[missing_dependency] This needs the package `@aws-sdk/client-bedrock-runtime`. Install it: npm i @aws-sdk/client-bedrock-runtime\n',
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('what is known of a model on Bedrock', () => {
  test('is read from its name, the profile and the ARN alike', () => {
    const { traits } = bedrock({ env: bare })
    expect(traits('us.anthropic.claude-sonnet-4-5-20250929-v1:0')).toMatchObject({
      structuredOutput: 'json-schema',
      supportsPrefill: true,
    })
    expect(traits('global.anthropic.claude-opus-4-8')).toMatchObject({
      supportsPrefill: false,
      refuses: ['temperature', 'top_p', 'top_k'],
    })
    expect(traits('us.amazon.nova-pro-v1:0')).toMatchObject({ structuredOutput: 'none', imageUrls: false, streamUsage: 'always' })
    expect(traits('us.meta.llama3-3-70b-instruct-v1:0')).toMatchObject({ structuredOutput: 'none' })
    expect(traits(arn)).toEqual({ streamUsage: 'always', imageUrls: false })
  })

  test('is what the user says of it, and of the model behind its name', () => {
    const { traits } = bedrock({
      env: bare,
      traits: (model) => (model === arn ? { baseModel: 'anthropic.claude-opus-4-8', supportsPrefill: true } : {}),
    })
    expect(traits(arn)).toMatchObject({
      baseModel: 'anthropic.claude-opus-4-8',
      refuses: ['temperature', 'top_p', 'top_k'],
      supportsPrefill: true,
    })
    expect(
      bedrock({ env: bare, traits: { structuredOutput: 'none' } }).traits('anthropic.claude-opus-4-8').structuredOutput,
    ).toBe('none')
  })

  test('the provider speaks Converse, and embeds', () => {
    expect(bedrock({ name: 'aws', env: bare })).toMatchObject({
      name: 'aws',
      protocols: ['bedrock-converse', 'bedrock-embeddings'],
    })
  })
})

describe.each([600_000, -600_000])('a machine whose clock is off by %i ms', (ms) => {
  /** As AWS: what is signed at another time than now is refused. */
  function aws() {
    const answers: number[] = []
    const url = 'https://bedrock.test'
    const leash = createLeash({
      providers: { bedrock: bedrock({ region, credentials, baseURL: url, env: bare }) },
      async fetch(_, init) {
        const at = new Headers(init?.headers).get('x-amz-date') ?? ''
        const signed = Date.parse(at.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'))
        const isNow = Math.abs(signed - (Date.now() - ms)) < 300_000
        answers.push(isNow ? 200 : 403)
        const headers = {
          'content-type': 'application/json',
          date: new Date(Date.now() - ms).toUTCString(),
          ...(!isNow && { 'x-amzn-errortype': 'InvalidSignatureException' }),
        }
        const message = { role: 'assistant', content: [{ text: 'Hello' }] }
        const answer = { output: { message }, stopReason: 'end_turn', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }
        return Response.json(isNow ? answer : { message: 'Signature expired.' }, { status: isNow ? 200 : 403, headers })
      },
    })
    const call = async () => {
      const body = JSON.stringify({ model: 'bedrock/amazon.nova-lite-v1:0', messages: [{ role: 'user', content: 'Hello' }] })
      return (await leash.fetch(`${url}/v1/chat/completions`, { method: 'POST', body })).status
    }
    return { answers, call }
  }

  test('signs by the time of the answers, from the first refusal on', async () => {
    const { answers, call } = aws()
    expect([await call(), await call()]).toEqual([200, 200])
    expect(answers).toEqual([403, 200, 200])
  })

  test('sends all again that were signed before it was known', async () => {
    const { answers, call } = aws()
    expect(await Promise.all([call(), call(), call()])).toEqual([200, 200, 200])
    expect(answers.toSorted()).toEqual([200, 200, 200, 403, 403, 403])
  })
})
