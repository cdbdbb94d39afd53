/** What a vendor says when it refuses. Vendors quote the key that they were asked with: whoever reads the answer is not to have it. */
import type { LeashError } from '../core/errors.js'
import { keyHeaders } from '../core/key-headers.js'
import type { Protocol } from '../protocols/protocol.js'
import { maxRefusalLength, readText } from './read-text.js'

export type SentHeaders = Headers | Readonly<Record<string, string>>

/** What is shorter is a word that a server without keys is given, and may stand anywhere. */
const shortestKey = 8

export async function refused(response: Response, protocol: Protocol, sent: SentHeaders): Promise<LeashError> {
  const { status, statusText, headers } = response
  return protocol.decodeError({ status, statusText, headers, text: await textOf(response, sent) })
}

/** The text of a refusal, with stars in the place of the keys in these headers. */
export async function textOf(response: Response, sent: SentHeaders): Promise<string> {
  const text = await readText(response, maxRefusalLength)
  const headers = new Headers(sent)
  return keyHeaders.reduce((left, name) => {
    const key = headers.get(name)?.split(' ').at(-1) ?? ''
    return key.length < shortestKey ? left : left.replaceAll(key, '***')
  }, text)
}
