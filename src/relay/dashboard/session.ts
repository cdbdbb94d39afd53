/** The token of whoever has signed in: kept for as long as the tab is open, and sent to nobody but the relay. */
import type { KeyScope } from '../keys/keys.js'
import type { Extent, Right, Role } from '../people/roles.js'

const name = 'leash-token'

type Listener = () => void
const listeners = new Set<Listener>()

export function token(): string | undefined {
  return sessionStorage.getItem(name) ?? undefined
}

export function signIn(token: string): void {
  sessionStorage.setItem(name, token)
  tell()
}

export function signOut(): void {
  sessionStorage.removeItem(name)
  tell()
}

/** @returns a function that stops listening */
export function onSession(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function tell(): void {
  for (const listener of listeners) listener()
}

/** What the relay says of whoever has signed in. It looks again at each request: here it only keeps pages from offering too much. */
export interface Me {
  readonly id: string
  readonly tenant: string
  readonly user?: string
  readonly role?: Role
  readonly scopes: readonly KeyScope[]
  readonly rights: Partial<Readonly<Record<Right, Extent>>>
  /** Of the relay itself, and so of every tenant. */
  readonly administrator: boolean
}

let current: Me = { id: '', tenant: '', scopes: [], rights: {}, administrator: false }

/** Known before any page is shown. */
export const me = (): Me => current

export const setMe = (found: Me): void => {
  current = found
}

export const may = (right: Right): boolean => current.administrator || current.rights[right] !== undefined

/** Whether the playground is of any use. */
export const mayCall = (): boolean => current.administrator || current.scopes.includes('call')

/** The tenant that a page is about: of who belongs to one, always that. */
export const tenantIn = (of: string): string => (current.administrator ? of : current.tenant)
