/** Whoever has signed in at an identity provider shows its token here, and is what its groups make him. */
import { isLeashError } from '../../core/errors.js'
import { asArray, asObject, asString } from '../../core/json.js'
import { Lazy } from '../../core/lazy.js'
import type { Caller } from './caller.js'
import type { OidcOptions } from './oidc-options.js'
import { asked, away, Provider } from './provider.js'
import { same } from './same.js'
import type { Tenants } from './tenants.js'
import { personOf, type Vouched, type Voucher } from './tokens.js'
import type { Users } from './users.js'

export interface OidcDeps {
  readonly tenants: Tenants
  readonly users: Users
}

/** Such as a provider signs by for everybody: no secret is shared. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Of errors that are about the provider's keys, and not about a token. */
const ofKeys = ['ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']

/** What an administrator tries out is counted for the tenant that is there from the first start on. */
const firstTenant = 'default'

const prefix = 'oidc:'

/** As a session begins by, without a choice: as long as those of others. */
const usualSessionMs = 12 * 3_600_000

export type Claims = Readonly<Record<string, unknown>>

export class Oidc implements Voucher {
  readonly #options: OidcOptions
  readonly #deps: OidcDeps
  readonly #keys = new Lazy(() => this.#published())
  readonly provider: Provider

  /** @throws LeashError `invalid_config` */
  constructor(options: OidcOptions, deps: OidcDeps) {
    this.provider = new Provider(options.issuer)
    this.#options = options
    this.#deps = deps
  }

  get issuer(): string {
    return this.#options.issuer
  }

  get sessionSeconds(): number {
    return (this.#options.signIn?.sessionMs ?? usualSessionMs) / 1000
  }

  /**
   * @returns undefined when the provider has not signed it for this relay, or it makes nobody of him
   * @throws LeashError `overloaded` when the provider cannot be asked for its keys
   */
  async verify(token: string): Promise<Caller | undefined> {
    const claims = await this.claimsOf(token)
    const vouched = claims && this.vouchedBy(claims)
    return vouched && this.holding(vouched.id, vouched)
  }

  /**
   * @param nonce by which it has to have been asked for; absent: it was not asked for by this relay
   * @returns undefined when the provider has not signed it for this relay
   * @throws LeashError `overloaded` when the provider cannot be asked for its keys
   */
  async claimsOf(token: string, nonce?: string): Promise<Claims | undefined> {
    const [{ jwtVerify, errors }, keys] = await Promise.all([import('jose'), this.#keys.get()])
    const { issuer, audience } = this.#options
    const options = { issuer, audience, algorithms, requiredClaims: ['exp', 'sub'], clockTolerance: 30 }
    const verified = await jwtVerify(token, keys, options).catch((error) => {
      if (error instanceof errors.JOSEError && !ofKeys.includes(error.code)) return undefined
      throw isLeashError(error) ? error : away(error)
    })
    const claims = verified && asObject(verified.payload)
    if (!claims || nonce === undefined) return claims
    // https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation: whoever else it is for must not have asked for it.
    const askedByUs = claims.azp === undefined ? asArray(claims.aud).length < 2 : claims.azp === audience
    return askedByUs && same(asString(claims.nonce) ?? '', nonce) ? claims : undefined
  }

  /** @returns undefined for one who is in no group that may come in */
  vouchedBy(claims: Claims): (Vouched & { readonly id: string }) | undefined {
    const { claim = 'groups', grants, user: named = 'sub', issuer } = this.#options
    // An address that the provider has not looked at is whatever somebody has typed. Some providers say so by a text.
    if ([claim, named].includes('email') && !['true', 'undefined'].includes(String(claims.email_verified))) return undefined
    const has = [asArray(claims[claim]), claims[claim]].flat(2)
    const group = Object.keys(grants).find((value) => has.includes(value))
    const user = asString(claims[named])
    return group === undefined || !user ? undefined : { id: prefix + user, issuer, group }
  }

  async holding(id: string, { issuer, group }: Vouched): Promise<Caller | undefined> {
    const grant = issuer === this.issuer && Object.hasOwn(this.#options.grants, group) && this.#options.grants[group]
    if (!grant || !id.startsWith(prefix)) return undefined
    const user = id.slice(prefix.length)
    if ('administrator' in grant) return { id, tenant: firstTenant, user, scopes: ['admin'] }
    const { tenant, role } = grant
    const [active, isOut] = await Promise.all([this.#deps.tenants.get(tenant), this.#deps.users.isOut(tenant, user)])
    if (active?.status !== 'active' || isOut) return undefined
    return { ...personOf(tenant, user, role), id }
  }

  async #published() {
    const [{ createRemoteJWKSet, customFetch }, { keys }] = await Promise.all([import('jose'), this.provider.discovered()])
    return createRemoteJWKSet(keys, {
      [customFetch]: async (address: string) => {
        const { status, body } = await asked(address)
        return Response.json(body, { status })
      },
    })
  }
}
