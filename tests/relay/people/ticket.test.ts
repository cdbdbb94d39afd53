/** What a browser keeps while somebody signs in elsewhere. */
import { expect, it } from 'vitest'
import { newTicket, readTicket, ticketMs } from '../../../src/relay/people/ticket.js'

const secret = Buffer.alloc(32, 1)
const now = 1_700_000_000_000

it('is read for ten minutes, by its own state and the secret that it was made with', () => {
  const ticket = newTicket(secret, now)
  const read = (at: number) => readTicket(ticket.text, ticket.state, secret, at)
  expect(read(now + ticketMs - 1)).toEqual(ticket)
  expect(read(now + ticketMs)).toBe('expired')
  expect(readTicket(ticket.text, newTicket(secret, now).state, secret, now)).toBeUndefined()
  expect(readTicket(ticket.text, ticket.state, Buffer.alloc(32, 2), now)).toBeUndefined()
})
