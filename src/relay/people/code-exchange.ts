/** A code that a browser has brought from the provider, exchanged there for a token: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3 */
import { asString } from '../../core/json.js'
import { asked, type Discovered } from './provider.js'

export interface CodeExchange {
  readonly code: string
  readonly verifier: string
  readonly redirectUri: string
  readonly clientId: string
  readonly secret: string | undefined
}

/** A token that nobody has looked at, or what the provider calls the reason why there is none. */
export type Exchanged = { readonly token: string } | { readonly refusal: string }

/** @throws LeashError `overloaded` when the provider cannot be asked, or has failed */
export async function exchanged(to: URL, { authMethods }: Discovered, exchange: CodeExchange): Promise<Exchanged> {
  const { code, verifier, redirectUri, clientId, secret } = exchange
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
  const headers: Record<string, string> = { accept: 'application/json' }
  if (secret !== undefined && authMethods.includes('client_secret_basic')) headers.authorization = basicOf(clientId, secret)
  else {
    form.set('client_id', clientId)
    if (secret !== undefined) form.set('client_secret', secret)
  }
  const { body } = await asked(to, { method: 'POST', headers, body: form })
  const token = asString(body.id_token)
  return token === undefined ? { refusal: asString(body.error) ?? '' } : { token }
}

/** Both are written as in a form first: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function basicOf(id: string, secret: string): string {
  const written = [id, secret].map((text) => new URLSearchParams({ text }).toString().slice('text='.length))
  return `Basic ${Buffer.from(written.join(':')).toString('base64')}`
}
