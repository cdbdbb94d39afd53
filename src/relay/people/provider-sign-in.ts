/**
 * Signing in at the identity provider: a browser is sent there, comes back with a code, and the relay exchanges it.
 * https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, with PKCE
 */
import { isLeashError, LeashError } from '../../core/errors.js'
import { atOnce } from '../http/at-once.js'
import type { SharedCounts } from '../replicas/replicas.js'
import type { Caller } from './caller.js'
import { exchanged } from './code-exchange.js'
import type { Claims, Oidc } from './oidc.js'
import type { OidcOptions, ProviderSignInOptions } from './oidc-options.js'
import { Once } from './once.js'
import { refusalOf } from './provider-words.js'
import { challengeOf, newTicket, readTicket, type Ticket, ticketMs } from './ticket.js'
import type { SignedIn, Tokens } from './tokens.js'

export interface ProviderSignInDeps {
  readonly oidc: Oidc
  readonly tokens: Tokens
  /** The same in every relay of the database. */
  readonly secret: Buffer
  readonly counts: SharedCounts | undefined
  readonly warn: (message: string) => void
}

/** Where the dashboard takes up what the provider has answered. */
export const returnPath = '/signed-in'

/** What the provider has sent a browser back with. */
export interface Returned {
  readonly state: string
  readonly code?: string
  readonly error?: string
  readonly iss?: string
}

/** Ended within ten minutes. */
const mostStates = 50_000

const warnEveryMs = 60_000

export class ProviderSignIn {
  readonly #deps: ProviderSignInDeps
  readonly #audience: string
  readonly #options: ProviderSignInOptions
  readonly #states: Once
  /** Each waits for somebody else. */
  readonly #oneOfFew = atOnce(20, 'Too many sign in at once. Try again in a second.')
  #warnedAt = 0
  /** Of the relay, as browsers know it. */
  readonly origin: string

  constructor({ audience }: OidcOptions, options: ProviderSignInOptions, deps: ProviderSignInDeps) {
    this.#deps = deps
    this.#audience = audience
    this.#options = options
    this.origin = new URL(options.url).origin
    this.#states = new Once({
      what: 'sign-in state',
      keptMs: ticketMs,
      most: mostStates,
      full: 'Too many sign in at once. Try again in some minutes.',
      counts: deps.counts,
    })
  }

  /** For the button. */
  get name(): string {
    return this.#options.name ?? new URL(this.#deps.oidc.issuer).hostname
  }

  /** @returns where the browser is to go, and the ticket that it keeps meanwhile. @throws LeashError `overloaded` */
  async begin(): Promise<{ readonly location: string; readonly ticket: string }> {
    const { authorization } = await this.#telling(() => this.#deps.oidc.provider.discovered())
    if (!authorization) throw this.#refused('it has no authorization_endpoint')
    const { text, state, nonce, verifier } = newTicket(this.#deps.secret, Date.now())
    const asking = {
      response_type: 'code',
      client_id: this.#audience,
      redirect_uri: this.#redirectUri,
      scope: [...new Set(['openid', ...(this.#options.scopes ?? ['profile', 'email'])])].join(' '),
      code_challenge: challengeOf(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }
    const location = new URL(authorization)
    for (const [name, value] of Object.entries(asking)) location.searchParams.set(name, value)
    return { location: location.href, ticket: text }
  }

  /**
   * @param ticket that the browser has kept
   * @throws LeashError `authentication_failed`, `permission_denied`, `rate_limited`, `overloaded`, with words for whoever signs in
   */
  async finish(returned: Returned, ticket: string): Promise<{ readonly caller: Caller; readonly signedIn: SignedIn }> {
    const { oidc, tokens } = this.#deps
    const begun = await this.#begunHere(returned, ticket)
    const claims = await this.#claimsFor(returned, begun)
    const vouched = oidc.vouchedBy(claims)
    const caller = vouched && (await oidc.holding(vouched.id, vouched))
    if (!vouched || !caller)
      throw new LeashError(
        'permission_denied',
        `${this.name} knows you, and you have no group there that may come in here. Ask your administrator.`,
      )
    const { issuer, group } = vouched
    return { caller, signedIn: await tokens.issue({ ...caller, vouched: { issuer, group } }) }
  }

  get #redirectUri(): string {
    return this.origin + returnPath
  }

  /** Looked at before anything that was sent is used for anything. */
  async #begunHere({ state, error }: Returned, text: string): Promise<Ticket> {
    const ticket = readTicket(text, state, this.#deps.secret, Date.now())
    if (ticket === undefined)
      throw failed('This sign-in was not begun in this browser, or another was begun after it. Begin again.')
    if (ticket === 'expired') throw failed('This sign-in was begun more than ten minutes ago. Begin again.')
    // Nothing comes of an error, and anybody can make one up: states that are remembered for it would leave no room for others.
    if (error === undefined && !(await this.#states.take(state))) throw failed('This sign-in was used before. Begin again.')
    return ticket
  }

  async #claimsFor({ code, error, iss }: Returned, { nonce, verifier }: Ticket): Promise<Claims> {
    const { oidc } = this.#deps
    const discovered = await this.#telling(() => oidc.provider.discovered())
    if (iss === undefined ? discovered.namesItself : iss !== oidc.issuer)
      throw failed('This answer comes from another identity provider than the one that you were sent to. Begin again.')
    if (error !== undefined) throw this.#refused(error)
    if (!code) throw failed('The identity provider has sent no code. Begin again.')
    if (!discovered.token) throw this.#refused('it has no token_endpoint')
    const to = discovered.token
    const exchange = {
      code,
      verifier,
      redirectUri: this.#redirectUri,
      clientId: this.#audience,
      secret: this.#options.secret,
    }
    const answer = await this.#oneOfFew(() => this.#telling(() => exchanged(to, discovered, exchange)))
    if ('refusal' in answer) throw this.#refused(answer.refusal)
    const claims = await this.#telling(() => oidc.claimsOf(answer.token, nonce))
    if (!claims) throw failed('What the identity provider says of you is not for this sign-in, or has expired. Begin again.')
    return claims
  }

  /** What is for the people who sign in, and what is for whoever runs the relay. */
  #refused(error: string): LeashError {
    const { code, words, why } = refusalOf(error)
    if (why !== undefined) this.#warn(`The identity provider does not sign anybody in: ${why}.`)
    return new LeashError(code, words)
  }

  async #telling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isLeashError(error) && error.cause instanceof Error)
        this.#warn(`The identity provider cannot be asked: ${reasonOf(error.cause)}.`)
      throw error
    }
  }

  /** Anybody can begin a sign-in that comes to nothing, as often as he likes. */
  #warn(message: string): void {
    if (Date.now() - this.#warnedAt < warnEveryMs) return
    this.#warnedAt = Date.now()
    this.#deps.warn(message)
  }
}

/** `fetch` says why one deeper. */
const reasonOf = ({ cause, message }: Error) => (cause instanceof Error && cause.message) || message

const failed = (message: string) => new LeashError('authentication_failed', message)
