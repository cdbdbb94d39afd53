/** Makes sure that a policy is the relay's word, and what a policy looks like. */
import { bytesOfBase64 } from '../core/base64.js'
import { LeashError } from '../core/errors.js'
import { asObject, isObject, type JsonObject, parseJson } from '../core/json.js'
import type { PolicyBundle, SignedBundle } from './wire.js'

/** Characters of a payload. */
const mostCharacters = 1_000_000

/** A bundle that was verified, and what it was made of. */
export interface Verified {
  readonly bundle: PolicyBundle
  readonly signed: SignedBundle
}

/**
 * @param pin the public key that must have signed it, in base64; none: whichever it brings along
 * @throws LeashError `upstream_malformed`
 */
export async function verify(value: unknown, pin: string | undefined): Promise<Verified> {
  const { payload, signature, publicKey } = asObject(value)
  if (typeof payload !== 'string' || typeof signature !== 'string' || typeof publicKey !== 'string')
    throw refused('is no signed bundle')
  if (payload.length > mostCharacters) throw refused(`has more than ${mostCharacters} characters`)
  if (pin !== undefined && publicKey !== pin)
    throw refused(
      'is signed by another key than before. If the relay was set up anew, give its public key as `relay.publicKey`, or empty `relay.folder`',
    )
  if (!(await isSigned(payload, signature, publicKey))) throw refused('has a wrong signature. Somebody may have changed it')
  return { bundle: bundleOf(parseJson(payload)), signed: { payload, signature, publicKey } }
}

async function isSigned(payload: string, signature: string, publicKey: string): Promise<boolean> {
  const [key, bytes] = [bytesOfBase64(publicKey), bytesOfBase64(signature)]
  if (key?.length !== 32 || bytes?.length !== 64) return false
  const { subtle } = crypto
  const imported = await subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify'])
  return subtle.verify({ name: 'Ed25519' }, imported, bytes, new TextEncoder().encode(payload))
}

function bundleOf(value: unknown): PolicyBundle {
  const { revision, issuedAt, tenant, user, key, staleMs, whenStale, policy } = asObject(value)
  if (
    typeof revision !== 'string' ||
    typeof tenant !== 'string' ||
    typeof key !== 'string' ||
    (user !== undefined && typeof user !== 'string') ||
    !isTime(issuedAt) ||
    !isTime(staleMs) ||
    (whenStale !== 'open' && whenStale !== 'closed') ||
    !isJsonObject(policy)
  )
    throw refused('lacks members. Is the relay of the same version as this client?')
  return { revision, issuedAt, tenant, key, staleMs, whenStale, policy, ...(user !== undefined && { user }) }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

/** What was parsed is JSON. */
function isJsonObject(value: unknown): value is JsonObject {
  return isObject(value)
}

export function refused(why: string): LeashError {
  return new LeashError('upstream_malformed', `The relay's policy ${why}.`)
}
