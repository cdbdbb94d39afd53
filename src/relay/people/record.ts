/** What the relay knows of a person. */
import { fits } from '../store/text.js'
import { wrongIn } from '../wrong.js'
import { isRole, type Role, roles } from './roles.js'
import { type GivenStatus, isGiven, type Status } from './status.js'

export interface User {
  readonly tenant: string
  /** What keys and the ledger call him, which never changes. */
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly status: Status
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
  readonly status?: GivenStatus
}

/** As the database has it. */
export interface UserRow {
  readonly tenant: string
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly status: Status
  readonly password: string | null
  readonly created_at: number
  readonly updated_at: number
}

const mostCharacters = 200

const wrong = wrongIn('a user')

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
  if (!isGiven(status)) throw wrong('status', 'is `active` or `suspended`')
}

/** An address is the same however it is written. */
export const emailOf = (written: string): string => written.trim().toLowerCase()

const isText = (value: string) => value !== '' && fits(value, mostCharacters)

export function userOf({ role, password, created_at: createdAt, updated_at: updatedAt, ...rest }: UserRow): User {
  // What nobody knows any more may do the least.
  return { ...rest, role: isRole(role) ? role : 'viewer', password: password !== null, createdAt, updatedAt }
}
