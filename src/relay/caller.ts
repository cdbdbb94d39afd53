/** Who asks: every request but a few carries a virtual key, wherever its SDK puts a key. */
import { LeashError } from '../core/errors.js'
import type { KeyRecord, KeyScope, Keys } from './keys.js'

/** Where vendors' SDKs put their key: OpenAI, Anthropic, Azure, Google. */
const places = ['x-api-key', 'api-key', 'x-goog-api-key'] as const

export interface HeadersLike {
  get(name: string): string | null | undefined
}

export function keyIn(headers: HeadersLike): string | undefined {
  const [scheme, token] = (headers.get('authorization') ?? '').split(/ +/, 2)
  if (scheme?.toLowerCase() === 'bearer' && token) return token
  for (const place of places) {
    const key = headers.get(place)
    if (key) return key
  }
  return undefined
}

/** @throws LeashError `missing_key`, `authentication_failed`, or `permission_denied` when the key is not for this */
export async function callerOf(keys: Keys, headers: HeadersLike, scope: KeyScope): Promise<KeyRecord> {
  const presented = keyIn(headers)
  if (presented === undefined)
    throw new LeashError('missing_key', 'Send a virtual key of this relay: `Authorization: Bearer lk_…`.')
  const found = keys.verify(presented)
  const record = found instanceof Promise ? await found : found
  if (!record)
    throw new LeashError('authentication_failed', 'This key is unknown, expired or revoked. Ask your administrator for another.')
  if (!record.scopes.includes(scope) && !record.scopes.includes('admin'))
    throw new LeashError('permission_denied', `This key is not for that: it lacks the scope \`${scope}\`.`)
  return record
}
