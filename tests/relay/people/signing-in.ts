/** What a browser does when somebody signs in at an identity provider, step by step. */
import { expect } from 'vitest'
import type { Relay } from '../../../src/relay/relay.js'

/** Of the relay, as its configuration has it. Nobody asks it there: browsers alone would. */
export const home = 'https://relay.example.com'

export interface Begun {
  readonly location: URL
  /** As the browser keeps it. */
  readonly cookie: string
}

export async function begin({ url }: Relay, headers: Record<string, string> = {}): Promise<Begun & { readonly set: string }> {
  const response = await fetch(`${url}/api/auth/provider/start`, { method: 'POST', headers })
  const body = await response.json()
  expect([response.status, body]).toEqual([200, { location: expect.any(String) }])
  const set = response.headers.get('set-cookie') ?? ''
  return { location: new URL(body.location), cookie: set.split(';', 1)[0] ?? '', set }
}

/** What the provider sends the browser back with. */
export async function away({ location }: Begun): Promise<Record<string, string>> {
  const back = new URL((await fetch(location, { redirect: 'manual' })).headers.get('location') ?? '')
  expect(back.origin + back.pathname).toBe(`${home}/signed-in`)
  return Object.fromEntries(back.searchParams)
}

export async function finish({ url }: Relay, returned: object, cookie = '') {
  const headers = { 'content-type': 'application/json', cookie }
  const response = await fetch(`${url}/api/auth/provider/token`, { method: 'POST', headers, body: JSON.stringify(returned) })
  return { status: response.status, headers: response.headers, body: await response.json() }
}
