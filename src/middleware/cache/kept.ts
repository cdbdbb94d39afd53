/** An answer as a store holds it: what is known of it in one line of JSON, and then its own bytes as they are. */
import type { Loss, Result } from '../../core/call.js'
import { isObject, parseJson } from '../../core/json.js'
import type { Nano } from '../../core/money.js'
import type { Value } from '../../core/store.js'
import type { Usage } from '../../core/usage.js'

/** What is known of an answer. */
export interface About {
  /** When it came, in milliseconds since 1970. */
  readonly at: number
  /** For how long after that it is fresh. */
  readonly ttlMs: number
  readonly provider: string
  readonly model: string
  readonly protocol: string
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly usage?: Partial<Usage>
  /** What it cost. Null: nobody knows; absent: nobody counted. */
  readonly cost?: Nano | null
  readonly warnings?: readonly Loss[]
  /** Of a stream: the length of each piece, and the milliseconds since the first at which it came, by turns. */
  readonly pieces?: readonly number[]
}

export interface Kept {
  readonly about: About
  readonly content: Value
}

/** A stream is kept as bytes, for it may be cut anywhere; a whole answer as the text that callers parse. */
export function pack({ about, content }: Kept): Value {
  const line = `${JSON.stringify(about)}\n`
  if (typeof content === 'string') return line + content
  const head = new TextEncoder().encode(line)
  const packed = new Uint8Array(head.length + content.length)
  packed.set(head)
  packed.set(content, head.length)
  return packed
}

/** What stands in front of a kept answer, and what it says. */
export interface Head {
  readonly line: string
  readonly about: About
  /** To be copied, for each caller may change its own. */
  readonly headers: Headers
}

export interface Found {
  readonly head: Head
  readonly content: Value
}

/**
 * @param last what stood there the last time: most often it still does, and needs not be parsed
 * @returns undefined for what is nothing of ours
 */
export function unpack(packed: Value, last?: Head): Found | undefined {
  if (typeof packed === 'string') {
    const head = last && packed.startsWith(last.line) ? last : headOf(packed.slice(0, packed.indexOf('\n') + 1))
    return head && { head, content: packed.slice(head.line.length) }
  }
  const end = packed.indexOf(0x0a) + 1
  const head = headOf(new TextDecoder().decode(packed.subarray(0, end)))
  return head && { head, content: packed.subarray(end) }
}

function headOf(line: string): Head | undefined {
  const about = parseJson(line)
  if (!isObject(about) || typeof about.at !== 'number' || !Array.isArray(about.headers)) return undefined
  const known = about as unknown as About
  return { line, about: known, headers: new Headers(known.headers.map(([name, value]) => [name, value])) }
}

/** Headers that are about the answer, and not about the connection or the caller's limits. */
const telling = ['content-type', 'x-request-id', 'request-id', 'x-amzn-requestid']

export function headersToKeep(headers: Result['headers']): [string, string][] {
  return telling.flatMap((name): [string, string][] => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value]]
  })
}
