/**
 * What a browser keeps from the beginning of a sign-in at the provider to its end: a random text, and until when it holds. The
 * rest follows from it by a secret of the relays, so that any of them can end what another has begun, and none keeps anything.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { same } from './same.js'

/** For whoever has to look for a second factor. */
export const ticketMs = 10 * 60_000

export interface Ticket {
  /** For the browser alone, in a cookie. */
  readonly text: string
  /** Goes to the provider and comes back: who has it and not the ticket has been sent here by somebody else. */
  readonly state: string
  /** Stands in the token that the provider makes for this sign-in, and in no other. */
  readonly nonce: string
  /** Known to the relays alone until a code is exchanged: who has overheard the code has no use for it. https://www.rfc-editor.org/rfc/rfc7636 */
  readonly verifier: string
}

export function newTicket(secret: Buffer, now: number): Ticket {
  return ticketOf(`${randomBytes(32).toString('base64url')}.${now + ticketMs}`, secret)
}

/** @returns undefined for one that is none, or whose state is another's, and for one that has expired `expired` */
export function readTicket(text: string, state: string, secret: Buffer, now: number): Ticket | 'expired' | undefined {
  const [, until] = /^[\w-]{43}\.(\d{13})$/.exec(text) ?? []
  const ticket = ticketOf(text, secret)
  // That it is of the relay is known by the state, which follows from all of it.
  if (until === undefined || !same(ticket.state, state)) return undefined
  return now < Number(until) ? ticket : 'expired'
}

/** https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

function ticketOf(text: string, secret: Buffer): Ticket {
  const of = (what: string) => createHmac('sha256', secret).update(`${what} ${text}`).digest('base64url')
  return { text, state: of('state'), nonce: of('nonce'), verifier: of('verifier') }
}
