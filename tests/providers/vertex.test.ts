import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { GoogleGenAI } from '@google/genai'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { LeashError } from '../../src/core/errors.js'
import { type VertexOptions, vertex } from '../../src/providers/vertex.js'
import { bare, type Received, sent, upstream, wire } from './upstream.js'

const body = { contents: [] }
const gemini = wire({ protocol: 'gemini', model: 'gemini-2.5-flash', body })
const claude = wire({
  protocol: 'anthropic-messages',
  model: 'claude-sonnet-4-5@20250929',
  body: { model: 'x', max_tokens: 5, messages: [] },
})

const ask = (options: VertexOptions, request = gemini) =>
  Promise.resolve(vertex({ project: 'acme', accessToken: 'ya29.token', env: bare, ...options }).prepare(request))

afterEach(() => vi.unstubAllEnvs())

describe('vertex', () => {
  test.each([
    ['global', 'aiplatform.googleapis.com'],
    ['europe-west4', 'europe-west4-aiplatform.googleapis.com'],
    ['us', 'aiplatform.us.rep.googleapis.com'],
    ['eu', 'aiplatform.eu.rep.googleapis.com'],
  ])('the location %s is served at %s', async (location, host) => {
    expect((await ask({ location })).url).toBe(
      `https://${host}/v1beta1/projects/acme/locations/${location}/publishers/google/models/gemini-2.5-flash:generateContent`,
    )
  })

  test('project and location come from the usual variables, and the location is global without one', async () => {
    const place = async (env: Record<string, string>) =>
      /projects\/.*?\/locations\/[^/]+/.exec((await ask({ project: undefined, env })).url)?.[0]
    expect(await place({ GOOGLE_CLOUD_PROJECT: 'a' })).toBe('projects/a/locations/global')
    expect(await place({ GCLOUD_PROJECT: 'b', CLOUD_ML_REGION: 'us-east5' })).toBe('projects/b/locations/us-east5')
    expect(
      await place({ GOOGLE_CLOUD_PROJECT: 'a', GCLOUD_PROJECT: 'b', GOOGLE_CLOUD_LOCATION: 'eu', CLOUD_ML_REGION: 'us-east5' }),
    ).toBe('projects/a/locations/eu')
  })

  test('knows whether it is held to a region', () => {
    const inRegion = (location?: string, url?: string) => vertex({ project: 'p', location, env: bare }).inRegion?.(url)
    expect([inRegion(), inRegion('global'), inRegion('eu'), inRegion('europe-west1')]).toEqual([false, false, true, true])
    expect(inRegion('eu', 'https://aiplatform.googleapis.com/v1/x')).toBe(false)
    expect(inRegion('global', 'https://aiplatform.eu.rep.googleapis.com/v1/x')).toBe(true)
    expect(inRegion('global', 'https://us-east5-aiplatform.googleapis.com/v1/x')).toBe(true)
    expect(vertex({ apiKey: 'k', location: 'eu', env: bare }).inRegion?.()).toBe(false)
  })

  test('a location that is none is refused, because it becomes part of the host', async () => {
    for (const location of ['evil.example/', 'a@b', 'x y'])
      await expect(vertex({ project: 'p', location, accessToken: 't', env: bare }).prepare(gemini)).rejects.toMatchObject({
        code: 'invalid_config',
      })
  })

  describe('Gemini', () => {
    const root = 'https://aiplatform.googleapis.com/v1beta1'
    const place = `${root}/projects/acme/locations/global`
    test.each([
      ['gemini-2.5-pro', `${place}/publishers/google/models/gemini-2.5-pro`],
      ['google/gemini-2.5-pro', `${place}/publishers/google/models/gemini-2.5-pro`],
      ['models/gemini-2.5-pro', `${place}/publishers/google/models/gemini-2.5-pro`],
      ['publishers/google/models/gemini-2.5-pro', `${place}/publishers/google/models/gemini-2.5-pro`],
      ['endpoints/4242', `${place}/endpoints/4242`],
      ['projects/other/locations/us-east1/endpoints/7', `${root}/projects/other/locations/us-east1/endpoints/7`],
    ])('%s is found at %s', async (model, resource) => {
      expect((await ask({}, { ...gemini, model })).url).toBe(`${resource}:generateContent`)
      expect((await ask({}, { ...gemini, model, stream: true })).url).toBe(`${resource}:streamGenerateContent?alt=sse`)
      expect(vertex({ env: bare }).protocolsFor?.(model)).toEqual(['gemini', 'gemini-embeddings'])
    })

    test.each([
      [{ instances: [{ content: 'hi' }] }, 'predict'],
      [{ content: { parts: [{ text: 'hi' }] } }, 'embedContent'],
    ])('embeds %j by %s', async (body, method) => {
      const request = wire({ protocol: 'gemini-embeddings', model: 'gemini-embedding-001', body })
      expect((await ask({}, request)).url).toBe(`${place}/publishers/google/models/gemini-embedding-001:${method}`)
      expect(vertex({ env: bare }).traits('gemini-embedding-001').embedForm).toBe('predict')
    })

    test('a tuned model is known by the model that it was made of', () => {
      const provider = vertex({
        traits: (model) => (model === 'endpoints/7' ? { baseModel: 'gemini-2.5-flash' } : {}),
        env: bare,
      })
      expect(provider.traits('endpoints/7')).toMatchObject({ baseModel: 'gemini-2.5-flash', schemaDialect: 'json-schema' })
      expect(provider.traits('endpoints/8').schemaDialect).toBe('openapi-subset')
    })

    test("asks as Google's own SDK does", async () => {
      await using server = await upstream(() => ({ body: { candidates: [] } }))
      const client = new GoogleGenAI({ vertexai: true, apiKey: 'AIza-same', httpOptions: { baseUrl: server.url } })
      await client.models.generateContent({ model: 'gemini-2.5-flash', contents: 'hi' })
      await client.models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'hi' })
      const theirs = [...server.received]
      const provider = vertex({ apiKey: 'AIza-same', baseURL: server.url, env: bare })
      for (const [index, stream] of [false, true].entries()) {
        const ours = await sent(provider, { ...gemini, stream }, server)
        expect(ours.path).toBe(theirs[index]?.path)
        expect(ours.headers['x-goog-api-key']).toBe(theirs[index]?.headers['x-goog-api-key'])
      }
    })
  })

  describe('Claude', () => {
    test.each([
      [false, 'rawPredict'],
      [true, 'streamRawPredict'],
    ])('with stream %s is asked by %s, the model in the address and the version in the body', async (stream, method) => {
      const request = await ask({ location: 'us-east5' }, { ...claude, stream, headers: { 'anthropic-beta': 'b-1' } })
      expect(request.url).toBe(
        `https://us-east5-aiplatform.googleapis.com/v1/projects/acme/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5%4020250929:${method}`,
      )
      expect(request.body).toBe('{"anthropic_version":"vertex-2023-10-16","max_tokens":5,"messages":[]}')
      expect(request.headers).toMatchObject({ authorization: 'Bearer ya29.token', 'anthropic-beta': 'b-1' })
    })

    test.each([
      ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5%4020250929'],
      ['claude-opus-4-6', 'claude-opus-4-6'],
      ['anthropic/claude-opus-4-6', 'claude-opus-4-6'],
      ['publishers/anthropic/models/claude-opus-4-6', 'claude-opus-4-6'],
    ])("Anthropic's name %s is %s here", async (model, id) => {
      expect((await ask({}, { ...claude, model })).url).toContain(`/publishers/anthropic/models/${id}:rawPredict`)
      expect(vertex({ env: bare }).protocolsFor?.(model)).toEqual(['anthropic-messages'])
    })

    test('a version that the body already names stays', async () => {
      const request = await ask({}, { ...claude, body: { messages: [], anthropic_version: 'vertex-2099-01-01' } })
      expect(JSON.parse(String(request.body))).toEqual({ anthropic_version: 'vertex-2099-01-01', messages: [] })
    })
  })

  test("an open model is asked by Google's OpenAI-compatible endpoint", async () => {
    const model = 'meta/llama-4-maverick-17b-128e-instruct-maas'
    expect(vertex({ env: bare }).protocolsFor?.(model)).toEqual(['openai-chat'])
    const { url } = await ask({ location: 'us-east5' }, wire({ protocol: 'openai-chat', model }))
    expect(url).toBe(
      'https://us-east5-aiplatform.googleapis.com/v1/projects/acme/locations/us-east5/endpoints/openapi/chat/completions',
    )
  })

  test('a protocol that nobody speaks there is refused', async () => {
    await expect(
      vertex({ project: 'p', accessToken: 't', env: bare }).prepare({ ...claude, protocol: 'openai-responses' }),
    ).rejects.toMatchObject({ code: 'unsupported' })
  })

  describe('express mode', () => {
    test('sends the key in a header, and names no project', async () => {
      const request = await ask({
        project: undefined,
        accessToken: undefined,
        apiKey: 'AIza-x',
        env: { GOOGLE_CLOUD_PROJECT: 'ignored' },
      })
      expect(request.url).toBe(
        'https://aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent',
      )
      expect(request.headers['x-goog-api-key']).toBe('AIza-x')
    })

    test('serves Gemini alone, and says what Claude needs', async () => {
      const provider = vertex({ apiKey: 'AIza-x', env: bare })
      expect(provider.missing()).toBeUndefined()
      await expect(provider.prepare(claude)).rejects.toMatchObject({
        code: 'invalid_config',
        message: expect.stringContaining('`project`'),
      })
    })

    test("a key of the Gemini API in the environment is not taken for one of Vertex AI's", () => {
      expect(vertex({ env: { GOOGLE_API_KEY: 'AIza-studio' } }).missing()).toContain('GOOGLE_CLOUD_PROJECT')
    })
  })
})

describe('Google credentials', () => {
  test('a service account signs in with a JWT at its token server, once for many requests', async () => {
    await using server = await upstream(tokenServer())
    const provider = vertex({ credentials: keyFile(`${server.url}/token`), location: 'europe-west4', env: bare })
    expect(provider.missing()).toBeUndefined()
    const [first, second] = await Promise.all([provider.prepare(gemini), provider.prepare(claude)])
    expect([first?.headers.authorization, second?.headers.authorization]).toEqual([
      'Bearer ya29.from-server',
      'Bearer ya29.from-server',
    ])
    expect(first?.url).toContain('/projects/key-project/locations/europe-west4/')
    expect((await provider.prepare(gemini)).headers.authorization).toBe('Bearer ya29.from-server')

    expect(server.received).toHaveLength(1)
    const [asked] = server.received
    expect(asked).toMatchObject({ method: 'POST', path: '/token' })
    const form = new URLSearchParams(asked?.body)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const claims = verified(form.get('assertion') ?? '', publicKey)
    expect(claims).toMatchObject({
      iss: 'leash@key-project.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    })
  })

  test('GOOGLE_APPLICATION_CREDENTIALS names a key file', async () => {
    await using server = await upstream(tokenServer())
    const folder = await mkdtemp(join(tmpdir(), 'leash-'))
    try {
      const path = join(folder, 'key.json')
      await writeFile(path, JSON.stringify(keyFile(`${server.url}/token`)))
      for (const variable of ['GOOGLE_CLOUD_PROJECT', 'GCLOUD_PROJECT']) vi.stubEnv(variable, '')
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path)
      const provider = vertex()
      expect(provider.missing()).toBeUndefined()
      const request = await provider.prepare(gemini)
      expect(request.headers.authorization).toBe('Bearer ya29.from-server')
      expect(request.url).toContain('/projects/key-project/')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a project for the bill is named in a header', async () => {
    await using server = await upstream(tokenServer())
    const provider = vertex({ credentials: { ...keyFile(`${server.url}/token`), quota_project_id: 'payer' }, env: bare })
    expect((await provider.prepare(gemini)).headers['x-goog-user-project']).toBe('payer')
  })

  test('an own token function makes the library needless, and is asked each time', async () => {
    let count = 0
    const provider = vertex({ project: 'p', accessToken: () => `t${++count}`, env: bare })
    expect((await provider.prepare(gemini)).headers.authorization).toBe('Bearer t1')
    expect((await provider.prepare(gemini)).headers.authorization).toBe('Bearer t2')
  })

  test('a refusal says so, once more after a correction, and shows neither the key nor the assertion', async () => {
    let refuse = true
    await using server = await upstream((request) =>
      refuse
        ? { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } }
        : tokenServer()(request),
    )
    const provider = vertex({ credentials: keyFile(`${server.url}/token`), env: bare })
    const error = await Promise.resolve(provider.prepare(gemini)).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(LeashError)
    expect(error).toMatchObject({
      code: 'authentication_failed',
      retryable: false,
      message: expect.stringContaining('Invalid JWT Signature'),
    })
    const shown = inspect(error, { depth: 9, showHidden: true })
    expect(shown).not.toContain('PRIVATE KEY')
    expect(shown).not.toContain(new URLSearchParams(server.received[0]?.body).get('assertion'))
    refuse = false
    expect((await provider.prepare(gemini)).headers.authorization).toBe('Bearer ya29.from-server')
  })

  test('a token server that cannot be reached may be asked again later', async () => {
    const { url } = await upstream().then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    const provider = vertex({ credentials: keyFile(`${url}/token`), env: bare })
    await expect(provider.prepare(gemini)).rejects.toMatchObject({ code: 'network_error', retryable: true })
  })

  test.each([429, 503])('one that answers %i may be, too', async (status) => {
    await using server = await upstream(() => ({ status, body: { error: 'slow_down' } }))
    const provider = vertex({ credentials: keyFile(`${server.url}/token`), env: bare })
    await expect(provider.prepare(gemini)).rejects.toMatchObject({ code: 'network_error', retryable: true })
  })

  test('without any credentials the message names the ways to give some', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '')
    vi.stubEnv('HOME', join(tmpdir(), 'nobody-lives-here'))
    vi.stubEnv('CLOUDSDK_CONFIG', join(tmpdir(), 'nobody-lives-here'))
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
    await expect(vertex({ project: 'p', env: bare }).prepare(gemini)).rejects.toMatchObject({
      code: 'missing_key',
      message: expect.stringContaining('gcloud auth application-default login'),
    })
  })

  test('a key that is none fails with the reason, and without the key', async () => {
    const credentials = { ...keyFile('http://127.0.0.1:9/token'), private_key: 'not-a-key-but-secret' }
    const error = await Promise.resolve(vertex({ credentials, env: bare }).prepare(gemini)).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'authentication_failed' })
    expect(inspect(error, { depth: 9 })).not.toContain('not-a-key-but-secret')
  })
})

let privatePem = ''
let publicKey: KeyObject
beforeAll(() => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  publicKey = createPublicKey(pair.privateKey)
})

function keyFile(tokenUri: string) {
  return {
    type: 'service_account',
    project_id: 'key-project',
    private_key_id: 'kid-1',
    private_key: privatePem,
    client_email: 'leash@key-project.iam.gserviceaccount.com',
    token_uri: tokenUri,
  }
}

function tokenServer(): (request: Received) => { body: unknown } {
  return () => ({ body: { access_token: 'ya29.from-server', expires_in: 3600, token_type: 'Bearer' } })
}

function verified(jwt: string, key: KeyObject): unknown {
  const [header, payload, signature] = jwt.split('.')
  const genuine = verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature ?? '', 'base64url'))
  expect(genuine, 'the assertion is signed with the key').toBe(true)
  return JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())
}
