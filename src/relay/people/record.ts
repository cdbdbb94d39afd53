/** What the relay knows of a person. */
import { LeashError } from '../../core/errors.js'
import { isStorable } from '../store/text.js'
import { isRole, type Role, roles } from './roles.js'

export const userStatuses = ['active', 'suspended', 'deleted'] as const
export type UserStatus = (typeof userStatuses)[number]

export interface User {
  readonly tenant: string
  /** What keys and the ledger call him, which never changes. */
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly status: UserStatus
  /** Whether he may sign in by one. */
  readonly password: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface NewUser {
  readonly tenant: string
  /** Up to 64 letters, digits, `.`, `_`, `@` and `-`. @defaultValue one that is made */
  readonly id?: string
  readonly email: string
  /** @defaultValue the e-mail address */
  readonly name?: string
  /** @defaultValue 'member' */
  readonly role?: Role
}

export interface UserChanges {
  readonly email?: string
  readonly name?: string
  readonly role?: Role
  readonly status?: 'active' | 'suspended'
}

/** As the database has it. */
export interface UserRow {
  readonly tenant: string
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly status: UserStatus
  readonly password: string | null
  readonly created_at: number
  readonly updated_at: number
}

const mostCharacters = 200

/** @throws LeashError `invalid_request` that names what is wrong */
export function checkUser({ id, email, name, role, status }: UserChanges & { readonly id?: string }): void {
  // One of dots alone is no part of an address: nobody could ask for him.
  if (id !== undefined && !/^(?!\.+$)[\w.@-]{1,64}$/.test(id))
    throw wrong('id', 'has 1 to 64 letters, digits, `.`, `_`, `@` or `-`, and not dots alone')
  // Whether an address is one, only a letter to it tells.
  if (email !== undefined && !(isText(email) && /^[^\s@]+@[^\s@]+$/.test(email)))
    throw wrong('email', 'is an address such as ada@example.com')
  if (name !== undefined && !isText(name)) throw wrong('name', `has 1 to ${mostCharacters} characters`)
  if (role !== undefined && !isRole(role)) throw wrong('role', `is one of: ${roles.join(', ')}`)
  if (status !== undefined && status !== 'active' && status !== 'suspended') throw wrong('status', 'is `active` or `suspended`')
}

/** An address is the same however it is written. */
export const emailOf = (written: string): string => written.trim().toLowerCase()

function isText(value: string): boolean {
  return value !== '' && value.length <= mostCharacters && isStorable(value)
}

function wrong(param: string, rule: string): LeashError {
  return new LeashError('invalid_request', `The \`${param}\` of a user ${rule}.`, { param })
}

export function userOf({ role, password, created_at: createdAt, updated_at: updatedAt, ...rest }: UserRow): User {
  // What nobody knows any more may do the least.
  return { ...rest, role: isRole(role) ? role : 'viewer', password: password !== null, createdAt, updatedAt }
}
