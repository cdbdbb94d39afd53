/** Whoever may come in: by a key, by a token of this relay, or by one of the identity provider. */
import type { MaybePromise } from '../../core/store.js'
import type { Decisions } from '../audit/decisions.js'
import type { Keys } from '../keys/keys.js'
import { type Caller, type Callers, type HeadersLike, isToken } from './caller.js'
import { Oidc, type OidcDeps } from './oidc.js'
import type { OidcOptions } from './oidc-options.js'
import { ProviderSignIn, type ProviderSignInDeps } from './provider-sign-in.js'
import { issuer, Tokens, type TokensDeps } from './tokens.js'

interface IdentitiesDeps {
  readonly keys: Keys
  readonly tokens: Tokens
  readonly oidc?: Oidc | undefined
  readonly decisions: Decisions
}

const mostCharacters = 8192

class Identities implements Callers {
  readonly #deps: IdentitiesDeps

  constructor(deps: IdentitiesDeps) {
    this.#deps = deps
  }

  verify(presented: string): MaybePromise<Caller | undefined> {
    return isToken(presented) ? this.#byToken(presented) : this.#deps.keys.verify(presented)
  }

  checkSigned(caller: Caller, headers: HeadersLike): MaybePromise<void> {
    return this.#deps.keys.checkSigned(caller, headers)
  }

  outside(caller: Caller, what: string): void {
    this.#deps.decisions.outside(caller, what)
  }

  isActive(tenant: string): Promise<boolean> {
    return this.#deps.keys.isActive(tenant)
  }

  async #byToken(token: string): Promise<Caller | undefined> {
    const { tokens, oidc } = this.#deps
    if (token.length > mostCharacters) return undefined
    const { decodeJwt } = await import('jose')
    let from: string | undefined
    try {
      from = decodeJwt(token).iss
    } catch {
      return undefined
    }
    if (from === issuer) return tokens.verify(token)
    return oidc && oidc.issuer === from ? oidc.verify(token) : undefined
  }
}

export interface IdentityParts extends Omit<TokensDeps, 'now' | 'oidc'>, OidcDeps, Pick<ProviderSignInDeps, 'counts' | 'warn'> {
  readonly oidc?: OidcOptions | undefined
  readonly decisions: Decisions
}

export interface Identified {
  /** Whoever shows something to come in by: a key, or a token. */
  readonly callers: Callers
  readonly tokens: Tokens
  /** Undefined where nobody signs in at an identity provider from here. */
  readonly providerSignIn: ProviderSignIn | undefined
}

/** @throws LeashError `invalid_config` */
export function openIdentities({ oidc: options, decisions, counts, warn, ...deps }: IdentityParts): Identified {
  const oidc = options && new Oidc(options, deps)
  const tokens = new Tokens({ ...deps, oidc })
  const secret = deps.signer.secretFor('provider sign-in')
  const providerSignIn =
    oidc && options.signIn && new ProviderSignIn(options, options.signIn, { oidc, tokens, secret, counts, warn })
  return { callers: new Identities({ keys: deps.keys, tokens, oidc, decisions }), tokens, providerSignIn }
}
