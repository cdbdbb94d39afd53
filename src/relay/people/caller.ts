/** Who asks: every request but a few carries a virtual key, wherever its SDK puts a key. */
import { LeashError } from '../../core/errors.js'
import { keyHeaders } from '../../core/key-headers.js'
import type { MaybePromise } from '../../core/store.js'
import type { KeyScope } from '../keys/keys.js'
import { checkCertificate } from './client-certificate.js'
import type { HeadersLike } from './request-signing.js'
import type { Role } from './roles.js'
import { namedTenant } from './tenant-of.js'

export type { HeadersLike }

export interface Caller {
  /** Of the key, or of who has signed in. */
  readonly id: string
  readonly tenant: string
  readonly user?: string
  readonly scopes: readonly KeyScope[]
  readonly role?: Role
  /** Each of its requests has to be signed. */
  readonly signed?: true
  /** The SHA-256 of the only certificate that it works with. */
  readonly certificate?: string
}

/** Keys are one; whoever has signed in is another's to know. */
export interface Callers<C extends Caller = Caller> {
  /** @returns undefined when nobody who may come in shows this */
  verify(presented: string): MaybePromise<C | undefined>
  /** @throws LeashError `authentication_failed` when the request is not signed by what belongs to the key */
  checkSigned(caller: Caller, headers: HeadersLike): MaybePromise<void>
  /** Told of who asks for what it is not for. */
  outside?(caller: Caller, what: string): void
  /** Whether there is such a tenant, and it is served. */
  isActive(tenant: string): Promise<boolean>
}

/** Where vendors' SDKs put their key as it is. */
const places = keyHeaders.filter((name) => name !== 'authorization')

const bearer = /^bearer +([^ ]+)/i

export function keyIn(headers: HeadersLike): string | undefined {
  const token = bearer.exec(headers.get('authorization') ?? '')?.[1]
  if (token) return token
  for (const place of places) {
    const key = headers.get(place)
    if (key) return key
  }
  return undefined
}

/**
 * @param scope absent: whatever the key is for
 * @throws LeashError `missing_key`, `authentication_failed`, or `permission_denied` when the key is not for this
 */
export async function callerOf<C extends Caller>(callers: Callers<C>, headers: HeadersLike, scope?: KeyScope): Promise<C> {
  const presented = keyIn(headers)
  if (presented === undefined)
    throw new LeashError('missing_key', 'Send a virtual key of this relay: `Authorization: Bearer lk_…`.')
  const found = callers.verify(presented)
  const caller = found instanceof Promise ? await found : found
  if (!caller) throw isToken(presented) ? unknownToken() : unknownKey()
  if (caller.certificate !== undefined) checkCertificate(caller.certificate, headers)
  if (caller.signed) await callers.checkSigned(caller, headers)
  const tenant = headers.get(namedTenant) ?? caller.tenant
  const acting = tenant === caller.tenant ? caller : await actingFor(tenant, caller, callers)
  if (scope === undefined || acting.scopes.includes(scope) || isAdministrator(acting)) return acting
  callers.outside?.(acting, scope)
  throw new LeashError('permission_denied', `This key is not for that: it lacks the scope \`${scope}\`.`)
}

/** `{"` in base64, by which every JWT begins and no key. */
export const isToken = (presented: string): boolean => presented.startsWith('eyJ')

export const unknownKey = () =>
  new LeashError('authentication_failed', 'This key is unknown, expired or revoked. Ask your administrator for another.')

/** It is taken by some routes and not by those that act in the name of a key. */
const unknownToken = () =>
  new LeashError(
    'authentication_failed',
    'This token has expired, or is no longer good; or a key is needed here. Sign in again, or show a key.',
  )

/** An administrator of the relay may act for any tenant. @throws LeashError `permission_denied` */
async function actingFor<C extends Caller>(tenant: string, caller: C, callers: Callers<C>): Promise<C> {
  if (isAdministrator(caller) && (await callers.isActive(tenant))) return { ...caller, tenant }
  callers.outside?.(caller, `tenant ${tenant}`)
  throw new LeashError('permission_denied', 'The key is not of the tenant that the request names.')
}

/** Of the relay itself, and so of every tenant. */
export const isAdministrator = ({ scopes }: Pick<Caller, 'scopes'>): boolean => scopes.includes('admin')
