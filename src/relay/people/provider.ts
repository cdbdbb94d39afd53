/** An identity provider, as it is asked: what it says of itself, and its answers, which are a stranger's. */
import { checkAddress } from '../../core/address.js'
import { textWithin } from '../../core/bounded.js'
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, asString, type Members, parseJson } from '../../core/json.js'
import { Lazy } from '../../core/lazy.js'

const timeoutMs = 5000

/** Of an answer. Documents of discovery have some ten thousand. */
const mostBytes = 256 * 1024

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata */
export interface Discovered {
  readonly keys: URL
  /** Where people sign in, and where the relay asks what has come of it: not every provider has them. */
  readonly authorization: URL | undefined
  readonly token: URL | undefined
  /** How the relay may say there who it is. */
  readonly authMethods: readonly string[]
  /** Whether every answer by way of a browser has its name in it: https://www.rfc-editor.org/rfc/rfc9207 */
  readonly namesItself: boolean
}

export interface ProviderAnswer {
  readonly status: number
  readonly body: Members
}

export class Provider {
  readonly issuer: string
  readonly #found = new Lazy(() => this.#discover())

  /** @throws LeashError `invalid_config` */
  constructor(issuer: string) {
    checkAddress(issuer, 'oidc.issuer')
    this.issuer = issuer
  }

  /** Asked once. @throws LeashError `overloaded` */
  discovered(): Promise<Discovered> {
    return this.#found.get()
  }

  /** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
  async #discover(): Promise<Discovered> {
    const { status, body } = await asked(`${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    if (status !== 200) throw away(new Error(`it answered ${status}`))
    if (body.issuer !== this.issuer) throw away(new Error('it calls itself by another name'))
    const methods = body.token_endpoint_auth_methods_supported
    return {
      keys: addressIn(body, 'jwks_uri'),
      authorization: body.authorization_endpoint === undefined ? undefined : addressIn(body, 'authorization_endpoint'),
      token: body.token_endpoint === undefined ? undefined : addressIn(body, 'token_endpoint'),
      authMethods: methods === undefined ? ['client_secret_basic'] : asArray(methods).map(String),
      namesItself: body.authorization_response_iss_parameter_supported === true,
    }
  }
}

/** @throws LeashError `overloaded` for one that others could read along with */
function addressIn(body: ProviderAnswer['body'], name: string): URL {
  try {
    return checkAddress(asString(body[name]) ?? '', name)
  } catch (cause) {
    throw away(cause)
  }
}

/**
 * No redirect is followed: what is sent may be a secret, and is for the address that was named.
 *
 * @returns what it answered, as JSON; nothing of what is none
 * @throws LeashError `overloaded`
 */
export async function asked(address: string | URL, init: RequestInit = {}): Promise<ProviderAnswer> {
  try {
    const response = await fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
    const text = await textWithin(response.body, mostBytes, () => new Error('its answer is too long'))
    return { status: response.status, body: asObject(parseJson(text)) }
  } catch (cause) {
    throw away(cause)
  }
}

export function away(cause: unknown): LeashError {
  return new LeashError('overloaded', 'The identity provider cannot be asked. Try again, or sign in by a key.', {
    cause,
    retryable: true,
  })
}
