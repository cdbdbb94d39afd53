/** What the relay knows of a virtual key. */
import { fingerprintOf } from '../people/client-certificate.js'
import { isRole, type Role, roles } from '../people/roles.js'
import { fits } from '../store/text.js'
import { type Wrong, wrongIn } from '../wrong.js'

/** `call` models through the relay, post `usage`, be under its `control` as a client, read its `metrics`; `admin` may do everything. */
export const keyScopes = ['call', 'usage', 'control', 'metrics', 'admin'] as const
export type KeyScope = (typeof keyScopes)[number]

export interface KeyRecord {
  readonly id: string
  /** How the key begins. */
  readonly prefix: string
  readonly tenant: string
  /** Whose calls they are. Absent: each call says it. */
  readonly user?: string
  readonly name: string
  readonly scopes: readonly KeyScope[]
  /** What it may do in the administration of its tenant. Absent: nothing. */
  readonly role?: Role
  /** Each of its requests has to be signed. */
  readonly signed?: true
  /** The SHA-256 of the certificate of its client, which is the only one that it works with. */
  readonly certificate?: string
  /** Milliseconds since 1970, as all of these. */
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  /** To the minute. */
  readonly lastUsedAt?: number
  /** The id of the key that takes its place. */
  readonly rotatedTo?: string
}

export interface NewKey {
  readonly tenant: string
  readonly user?: string
  readonly name?: string
  /** @defaultValue ['call', 'usage', 'control']; none for a key with a role */
  readonly scopes?: readonly KeyScope[]
  readonly role?: Role
  /** Each of its requests has to be signed. @defaultValue false */
  readonly signed?: boolean
  /** The SHA-256 of the certificate of its client, in hexadecimal, with colons or without. @defaultValue any, or none */
  readonly certificate?: string
  readonly expiresAt?: number
}

/** As the database has it. */
export interface KeyRow {
  readonly id: string
  readonly prefix: string
  readonly digest: string
  readonly tenant: string
  readonly user_id: string | null
  readonly name: string
  readonly scopes: string
  readonly role: string | null
  readonly signed: number | null
  readonly certificate: string | null
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly last_used_at: number | null
  readonly rotated_to: string | null
}

/** A key of the administration is not to be a client by the way. */
export const usualScopes = (role: Role | undefined): readonly KeyScope[] =>
  role === undefined ? ['call', 'usage', 'control'] : []

const mostCharacters = 200

export const wrong: Wrong = wrongIn('a key')

export function holds({ expiresAt, revokedAt }: KeyRecord, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt)
}

export function check({ user, name, role, scopes = usualScopes(role), certificate, expiresAt }: NewKey): void {
  for (const [member, value] of Object.entries({ user, name }))
    if (value !== undefined && !fits(value, mostCharacters)) throw wrong(member, `has up to ${mostCharacters} characters`)
  if (user === '') throw wrong('user', 'is absent or not empty')
  if (role !== undefined && !isRole(role)) throw wrong('role', `is one of: ${roles.join(', ')}`)
  if (role === 'member' && user === undefined)
    throw wrong('user', 'is needed for the role `member`, which is about what is its own')
  if ((scopes.length === 0 && role === undefined) || !scopes.every((scope) => keyScopes.includes(scope)))
    throw wrong('scopes', `is a list of: ${keyScopes.join(', ')}`)
  if (certificate !== undefined && fingerprintOf(certificate) === undefined)
    throw wrong('certificate', 'is the SHA-256 of a certificate: 64 hexadecimal digits, with colons or without')
  if (expiresAt !== undefined && !Number.isSafeInteger(expiresAt)) throw wrong('expiresAt', 'is in milliseconds since 1970')
}

export function recordOf(row: KeyRow): KeyRecord {
  const { id, prefix, tenant, name, created_at: createdAt } = row
  const scopes = keyScopes.filter((scope) => row.scopes.split(' ').includes(scope))
  return {
    id,
    prefix,
    tenant,
    name,
    scopes,
    createdAt,
    ...(row.user_id !== null && { user: row.user_id }),
    ...(isRole(row.role) && { role: row.role }),
    ...(row.signed === 1 && { signed: true }),
    ...(row.certificate !== null && { certificate: row.certificate }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
    ...(row.rotated_to !== null && { rotatedTo: row.rotated_to }),
  }
}
