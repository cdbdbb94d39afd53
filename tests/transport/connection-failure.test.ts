/** A connection that failed, as each runtime's `fetch` throws it. */
import { expect, test } from 'vitest'
import { neverLeft, unexplained } from '../../src/transport/connection-failure.js'

const coded = (message: string, code: string) => Object.assign(new Error(message), { code })
const fetchFailed = (cause: Error) => new TypeError('fetch failed', { cause })
const address = 'http://127.0.0.1:4010/v1/models?key=secret'

test.each([
  { runtime: 'Node', thrown: fetchFailed(coded('connect ECONNREFUSED', 'ECONNREFUSED')), told: 'ECONNREFUSED', unsent: true },
  { runtime: 'Node', thrown: fetchFailed(coded('other side closed', 'UND_ERR_SOCKET')), told: 'UND_ERR_SOCKET', unsent: false },
  { runtime: 'Bun', thrown: coded('ECONNREFUSED: Unable to connect.', 'ECONNREFUSED'), told: 'ECONNREFUSED', unsent: true },
  { runtime: 'Bun', thrown: coded('ECONNRESET: The connection was closed.', 'ECONNRESET'), told: 'ECONNRESET', unsent: false },
  {
    runtime: 'Deno',
    thrown: fetchFailed(new Error(`error sending request for url (${address}): client error (Connect): tcp connect error`)),
    told: 'client error (Connect): tcp connect error',
    unsent: true,
  },
  {
    runtime: 'Deno',
    thrown: fetchFailed(
      new Error(`error sending request from 127.0.0.1:5 for ${address} (127.0.0.1:4010): client error (SendRequest): closed`),
    ),
    told: 'client error (SendRequest): closed',
    unsent: false,
  },
])('on $runtime, "$told" is told without an address, and that nothing was sent: $unsent', ({ thrown, told, unsent }) => {
  const error = unexplained(thrown, 'openai')
  expect(error.code).toBe('network_error')
  expect(error.cause).toBe(thrown)
  expect(error.message).toBe(`[network_error] The connection to "openai" failed: ${told}. Check the network and the base URL.`)
  expect(neverLeft(error)).toBe(unsent)
})
