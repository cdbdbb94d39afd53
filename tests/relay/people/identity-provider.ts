/** An identity provider on a port of its own: discovery, keys, a page to sign in at that lets everybody in, and tokens for codes. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'

export interface ProviderSettings {
  /** Of what it says of itself. */
  discovery: Record<string, unknown>
  /** Of the tokens that it makes. */
  claims: Record<string, unknown>
  /** In place of a code. */
  error: string | undefined
  /** In place of its answer to a code. */
  token: ((response: ServerResponse) => void) | undefined
  /** Who the relay is here. Undefined: a public client. */
  secret: string | undefined
}

interface Granted {
  readonly nonce: string
  readonly challenge: string
  readonly redirectUri: string
}

const client = 'leash'

export interface IdentityProvider {
  readonly issuer: string
  readonly settings: ProviderSettings
  /** What was asked of it, without what a browser asks. */
  readonly asked: { readonly path: string; readonly body: URLSearchParams; readonly authorization: string | undefined }[]
  sign(claims: JWTPayload): Promise<string>
  close(): void
}

export async function openProvider(): Promise<IdentityProvider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }
  const granted = new Map<string, Granted>()
  const asked: IdentityProvider['asked'] = []
  const settings: ProviderSettings = { discovery: {}, claims: {}, error: undefined, token: undefined, secret: undefined }

  const sign = (claims: JWTPayload) =>
    new SignJWT({ sub: 'ada', aud: client, iss: issuer, exp: Math.floor(Date.now() / 1000) + 60, ...claims, ...settings.claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(privateKey)

  function authorize({ searchParams: query }: URL, response: ServerResponse): void {
    const [redirectUri, state] = [query.get('redirect_uri') ?? '', query.get('state') ?? '']
    const whole = query.get('client_id') === client && query.get('response_type') === 'code' && state !== ''
    if (!whole || query.get('code_challenge_method') !== 'S256') return void response.writeHead(400).end('not so')
    const back = new URL(redirectUri)
    const code = crypto.randomUUID()
    granted.set(code, { nonce: query.get('nonce') ?? '', challenge: query.get('code_challenge') ?? '', redirectUri })
    if (settings.error === undefined) back.searchParams.set('code', code)
    else back.searchParams.set('error', settings.error)
    back.searchParams.set('state', state)
    response.writeHead(302, { location: back.href }).end()
  }

  async function exchange(body: URLSearchParams, authorization: string | undefined, response: ServerResponse): Promise<void> {
    if (settings.token) return settings.token(response)
    const [code, verifier] = [body.get('code') ?? '', body.get('code_verifier') ?? '']
    const basic = `Basic ${Buffer.from(`${client}:${settings.secret}`).toString('base64')}`
    const isPost = body.get('client_id') === client && (body.get('client_secret') ?? undefined) === settings.secret
    if (authorization === undefined ? !isPost : authorization !== basic) return json(response, 401, { error: 'invalid_client' })
    const grant = granted.get(code)
    granted.delete(code)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    if (grant?.challenge !== challenge || grant.redirectUri !== body.get('redirect_uri'))
      return json(response, 400, { error: 'invalid_grant' })
    json(response, 200, { access_token: 'of no use here', token_type: 'Bearer', id_token: await sign({ nonce: grant.nonce }) })
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', issuer)
    const body = new URLSearchParams(await textOf(request))
    if (url.pathname === '/authorize') return authorize(url, response)
    const { authorization } = request.headers
    asked.push({ path: url.pathname, body, authorization })
    if (url.pathname === '/jwks') return json(response, 200, { keys: [jwk] })
    if (url.pathname === '/token') return exchange(body, authorization, response)
    const endpoints = {
      jwks_uri: `${issuer}/jwks`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
    }
    json(response, 200, { issuer, ...endpoints, ...settings.discovery })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(close)
  return { issuer, settings, asked, sign, close }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
