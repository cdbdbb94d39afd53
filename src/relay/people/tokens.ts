/**
 * What somebody who has signed in shows instead of a key: a JWT that holds for a quarter of an hour. It says who, and nothing
 * of what he may do: that is looked up each time, so that a key that was revoked, or a role that was taken away, is so at once.
 * Of whom an identity provider has let in it says by which group, and what that may do is looked up.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { asObject } from '../../core/json.js'
import type { Keys } from '../keys/keys.js'
import type { Signer } from '../policy/signer.js'
import type { Caller } from './caller.js'
import { type Role, roles } from './roles.js'
import type { Users } from './users.js'

export interface SignedIn {
  readonly token: string
  /** Seconds. */
  readonly expiresIn: number
}

/** What a session rests on of whom somebody else has let in, who is not asked again: the group holds until it ends. */
export interface Vouched {
  readonly issuer: string
  readonly group: string
}

/** Whoever knows people whom somebody else has let in. */
export interface Voucher {
  /** How long after they have signed in they have to do so again. */
  readonly sessionSeconds: number
  /** @returns undefined for one who may not come in any more */
  holding(id: string, by: Vouched): Promise<Caller | undefined>
}

export interface TokensDeps {
  readonly signer: Signer
  readonly keys: Keys
  readonly users: Users
  readonly oidc?: Voucher | undefined
  readonly now?: () => number
}

/** The `iss` and the `aud` of what this relay signs. */
export const issuer = 'urn:leashllm:relay'
const audience = 'urn:leashllm:relay:administration'
const algorithm = 'EdDSA'

const holdsSeconds = 15 * 60

/** One token after the other is good until so long after somebody has signed in by a key or a password. */
const sessionSeconds = 12 * 3600

/** How the id of somebody begins who has signed in by himself, and not by a key. No key's id has a colon. */
const userPrefix = 'user:'

/** As a caller, and in the audit. */
export const idOfUser = (user: string): string => `${userPrefix}${user}`

export class Tokens {
  readonly #deps: Omit<TokensDeps, 'signer' | 'now'>
  readonly #key: KeyObject
  readonly #public: KeyObject
  readonly #now: () => number

  constructor({ signer, now = Date.now, ...deps }: TokensDeps) {
    this.#deps = deps
    this.#key = signer.keyFor('relay tokens')
    this.#public = createPublicKey(this.#key)
    this.#now = now
  }

  /** @param since seconds since 1970: when he signed in, for one who shows a token */
  async issue(whose: Whose, since?: number): Promise<SignedIn> {
    const { SignJWT } = await import('jose')
    const { id, tenant, vouched, mark } = whose
    const now = Math.floor(this.#now() / 1000)
    const signedInAt = since ?? now
    const expiresIn = Math.min(holdsSeconds, signedInAt + this.#secondsOf(whose) - now)
    const token = await new SignJWT({ tenant, auth_time: signedInAt, ...(vouched && { vouched }), ...(mark && { mark }) })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(id)
      .setIssuedAt(now)
      .setExpirationTime(now + expiresIn)
      .sign(this.#key)
    return { token, expiresIn }
  }

  /** Another for who has one. @returns undefined when it does not hold, or he has to sign in again */
  async renew(token: string): Promise<SignedIn | undefined> {
    const claims = await this.#read(token)
    const [whose, since] = [whoseIn(claims), claims.auth_time]
    if (!whose || typeof since !== 'number') return undefined
    if (this.#now() / 1000 - since >= this.#secondsOf(whose)) return undefined
    return (await this.#who(whose)) && this.issue(whose, since)
  }

  /** @returns undefined when it is no token of this relay, has expired, or whose it is may not come in any more */
  async verify(token: string): Promise<Caller | undefined> {
    const whose = whoseIn(await this.#read(token))
    return whose && this.#who(whose)
  }

  async #read(token: string): Promise<Record<string, unknown>> {
    const { jwtVerify } = await import('jose')
    const options = { issuer, audience, algorithms: [algorithm], currentDate: new Date(this.#now()) }
    const verified = await jwtVerify(token, this.#public, options).catch(() => undefined)
    return asObject(verified?.payload)
  }

  async #who({ id, tenant, vouched, mark = '' }: Whose): Promise<Caller | undefined> {
    const { keys, users, oidc } = this.#deps
    if (vouched) return oidc?.holding(id, vouched)
    if (!id.startsWith(userPrefix)) return keys.holding(id)
    const user = await users.holding(tenant, id.slice(userPrefix.length), mark)
    return user && personOf(tenant, user.id, user.role)
  }

  /** After which he has to sign in again. */
  #secondsOf({ vouched }: Whose): number {
    return vouched ? Math.min(Math.floor(this.#deps.oidc?.sessionSeconds ?? 0), sessionSeconds) : sessionSeconds
  }
}

interface Whose extends Pick<Caller, 'id' | 'tenant'> {
  readonly vouched?: Vouched
  /** Of the password that he has signed in by. */
  readonly mark?: string
}

/** As it was signed here. */
function whoseIn({ sub: id, tenant, vouched, mark }: Record<string, unknown>): Whose | undefined {
  if (typeof id !== 'string' || typeof tenant !== 'string') return undefined
  const { issuer, group } = asObject(vouched)
  return {
    id,
    tenant,
    ...(typeof issuer === 'string' && typeof group === 'string' && { vouched: { issuer, group } }),
    ...(typeof mark === 'string' && { mark }),
  }
}

/** Somebody who has signed in, as a caller: he may try out models, unless he is there to look. */
export function personOf(tenant: string, user: string, role: Role): Caller {
  const scopes = role === roles.at(-1) ? (['usage'] as const) : (['call', 'usage'] as const)
  return { id: idOfUser(user), tenant, user, role, scopes }
}
