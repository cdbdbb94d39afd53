/** What it means that a connection failed. */
import { codeOf } from '../core/code-of.js'
import { LeashError, messageOf } from '../core/errors.js'

/** What neither the clock nor a protocol can explain: the connection's failure, or a body that we could not work with. */
export function unexplained(error: unknown, provider: string): LeashError {
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new LeashError('invalid_request', 'The body could not be worked with: it may be nested too deeply.', { cause: error })
  }
  const why = causeOf(error)
  return new LeashError('network_error', `The connection to "${provider}" failed: ${why}. Check the network and the base URL.`, {
    retryable: true,
    cause: error,
  })
}

/** As Node and Bun name it when no connection comes to be, and, last, as Deno does. A `Response` that broke off later has other names. */
const unmade =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused)$|client error \(Connect\)/

export function neverLeft({ code, cause }: LeashError): boolean {
  return code === 'network_error' && unmade.test(causeOf(cause))
}

/** Node tells it as the cause of a failed fetch, Bun as the failure itself, and Deno behind the address, which may have a key in it. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return codeOf(cause) ?? messageOf(cause).replace(/^error sending request .*(?=client error)/, '')
}
