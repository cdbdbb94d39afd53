/** Signing in at the identity provider: away from the page, and back to it with a code that is good once. */
import { type Asking, ask } from './api.js'
import { token } from './session.js'

/** The relay keeps the beginning in a cookie, which no script can read and which nothing else needs. */
const withCookie = { key: '', credentials: 'same-origin' } as const satisfies Asking

const placeName = 'leash-place'

/** Nothing where nobody signs in at one. */
export const readProvider = (path: string): Promise<{ readonly name?: string }> => ask(path, { key: '' })

/** Leaves the page. @throws ApiError */
export async function goToProvider(): Promise<void> {
  const { location: there } = await ask<{ readonly location: string }>('/api/auth/provider/start', {
    ...withCookie,
    method: 'POST',
  })
  sessionStorage.setItem(placeName, location.hash)
  location.assign(there)
}

export type Returned = Readonly<Record<string, string>>

let returned: Returned | undefined

/** What the provider has sent this page is out of the address and the history before anything else is done. */
export function arrive(): void {
  if (location.pathname !== '/signed-in') return
  const found = new URLSearchParams(location.search)
  const known = ['code', 'state', 'iss', 'error'].map((name) => [name, found.get(name)] as const)
  const place = sessionStorage.getItem(placeName) ?? ''
  sessionStorage.removeItem(placeName)
  history.replaceState(null, '', `/${place}`)
  // Whoever has signed in stays who he is, whatever address he is sent to.
  if (token() === undefined)
    returned = Object.fromEntries(known.filter((one): one is readonly [string, string] => one[1] !== null))
}

/** It is good once. */
export function takeReturned(): Returned | undefined {
  const taken = returned
  returned = undefined
  return taken
}

/** @throws ApiError */
export async function tokenOf(returned: Returned): Promise<string> {
  const asking = { ...withCookie, method: 'POST', body: returned } as const
  return (await ask<{ readonly access_token: string }>('/api/auth/provider/token', asking)).access_token
}
