import { LeashError } from '../core/errors.js'
import { keyHeaders } from '../core/key-headers.js'

export type HeaderMap = Readonly<Record<string, string>>

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** The user's headers in lower case. @throws LeashError `invalid_config`, without the value: it may be a secret */
export function checkedHeaders(headers: HeaderMap = {}, provider: string): HeaderMap {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (!token.test(lower) || typeof value !== 'string' || !/^[ -~\t]*$/.test(value)) {
      throw new LeashError(
        'invalid_config',
        `The header ${JSON.stringify(name.slice(0, 60))} of "${provider}" cannot be sent. Names are letters, digits and dashes; values are strings of printable ASCII.`,
      )
    }
    out[lower] = value
  }
  return out
}

/** Whether the user brings a proof of identity of their own, as a gateway in front of the vendor may want. */
export function authenticates(headers: HeaderMap): boolean {
  return keyHeaders.some((name) => name in headers)
}

/** Header lists of several sources under one name, without repetition (`anthropic-beta`). */
export function joinLists(...lists: readonly (string | undefined)[]): string | undefined {
  const items = lists.flatMap((list) => list?.split(',') ?? []).map((item) => item.trim())
  return [...new Set(items)].filter(Boolean).join(',') || undefined
}
