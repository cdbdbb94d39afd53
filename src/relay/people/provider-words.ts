/** What a refusal of the provider is in plain words. Its own are a stranger's: anybody can send somebody here with any. */
import type { ErrorCode } from '../../core/errors.js'

export interface Refusal {
  readonly code: ErrorCode
  /** For whoever signs in. */
  readonly words: string
  /** For whoever runs the relay, where that is who can do something about it. */
  readonly why?: string
}

const denied: Refusal = {
  code: 'permission_denied',
  words: 'The identity provider has not let you in here, or you have declined. Try again, or sign in by a key.',
}

const wantsMore: Refusal = {
  code: 'permission_denied',
  words: 'The identity provider wants something of you first. Sign in there by itself, and then begin again.',
}

const hasFailed: Refusal = {
  code: 'overloaded',
  words: 'The identity provider has failed. Try again in a while, or sign in by a key.',
}

const spent: Refusal = {
  code: 'authentication_failed',
  words: 'The identity provider does not take this sign-in any more: its code was used before, or has expired. Begin again.',
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2, and https://openid.net/specs/openid-connect-core-1_0.html#AuthError */
const known = new Map<string, Refusal>([
  ['access_denied', denied],
  ['login_required', wantsMore],
  ['interaction_required', wantsMore],
  ['account_selection_required', wantsMore],
  ['consent_required', wantsMore],
  ['temporarily_unavailable', hasFailed],
  ['server_error', hasFailed],
  ['invalid_grant', spent],
])

/** @param error as the provider calls it; empty when it has answered something else */
export function refusalOf(error: string): Refusal {
  const said = /^[\w. -]{1,80}$/.test(error) ? error : 'it answered with no token, and no error that can be read'
  return (
    known.get(error) ?? {
      code: 'upstream_error',
      words: 'The identity provider and the relay do not understand each other. The log of the relay says why.',
      why: said,
    }
  )
}
