/** Whoever has signed in at an identity provider shows its token here, and is what its groups make him. */
import { checkAddress } from '../../core/address.js'
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, asString } from '../../core/json.js'
import { Lazy } from '../../core/lazy.js'
import type { Caller } from './caller.js'
import type { OidcOptions } from './oidc-options.js'
import type { Tenants } from './tenants.js'
import { personOf } from './tokens.js'
import type { Users } from './users.js'

export interface OidcDeps {
  readonly tenants: Tenants
  readonly users: Users
}

/** Such as a provider signs by for everybody: no secret is shared. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

const discoveryMs = 5000

/** What an administrator tries out is counted for the tenant that is there from the first start on. */
const firstTenant = 'default'

export class Oidc {
  readonly #options: OidcOptions
  readonly #deps: OidcDeps
  readonly #keys = new Lazy(() => this.#discover())
  readonly issuer: string

  /** @throws LeashError `invalid_config` */
  constructor(options: OidcOptions, deps: OidcDeps) {
    checkAddress(options.issuer, 'oidc.issuer')
    this.#options = options
    this.#deps = deps
    this.issuer = options.issuer
  }

  /**
   * @returns undefined when the provider has not signed it for this relay, or it makes nobody of him
   * @throws LeashError `overloaded` when the provider cannot be asked for its keys
   */
  async verify(token: string): Promise<Caller | undefined> {
    const [{ jwtVerify, errors }, keys] = await Promise.all([import('jose'), this.#keys.get()])
    const { issuer, audience } = this.#options
    const options = { issuer, audience, algorithms, requiredClaims: ['exp', 'sub'], clockTolerance: 30 }
    const verified = await jwtVerify(token, keys, options).catch((error) => {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined
      throw away(error)
    })
    return verified && this.#callerOf(asObject(verified.payload))
  }

  async #callerOf(claims: Record<string, unknown>): Promise<Caller | undefined> {
    const { claim = 'groups', grants, user: named = 'sub' } = this.#options
    const has = [asArray(claims[claim]), claims[claim]].flat(2)
    const [, grant] = Object.entries(grants).find(([value]) => has.includes(value)) ?? []
    const id = asString(claims[named])
    if (!grant || id === undefined || id === '') return undefined
    if ('administrator' in grant) return { id: `oidc:${id}`, tenant: firstTenant, user: id, scopes: ['admin'] }
    const { tenant, role } = grant
    const [active, isOut] = await Promise.all([this.#deps.tenants.get(tenant), this.#deps.users.isOut(tenant, id)])
    if (active?.status !== 'active' || isOut) return undefined
    return { ...personOf(tenant, id, role), id: `oidc:${id}` }
  }

  /** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
  async #discover() {
    const { createRemoteJWKSet } = await import('jose')
    const address = `${this.#options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(discoveryMs) }).catch((error) => {
      throw away(error)
    })
    if (!response.ok) throw away(new Error(`it answered ${response.status}`))
    const { jwks_uri: keys, issuer } = asObject(await response.json().catch(() => undefined))
    if (issuer !== this.#options.issuer) throw away(new Error('it calls itself by another name'))
    return createRemoteJWKSet(checkAddress(asString(keys) ?? '', 'jwks_uri'))
  }
}

function away(cause: unknown): LeashError {
  return new LeashError('overloaded', 'The identity provider cannot be asked for its keys. Try again, or sign in by a key.', {
    cause,
    retryable: true,
  })
}
