/**
 * A vendor's headers with the short form of the report among them. An SDK reads two or three of them for each call: to
 * copy and sort them all for that would cost more than the layers of the stack do.
 */
import { addedHeaders } from './core/added-headers.js'
import type { Report } from './core/call.js'
import { hidden } from './core/hidden.js'
import { ownKind } from './core/transport.js'

interface Told {
  readonly report: Report
  /** All of them, in place of the vendor's: from the first change on. */
  changed?: Headers
}

const told = hidden<Told>()

/** The body has been decoded and may have been edited: these would lie about it. */
export const outdatedHeader = /^content-(?:encoding|length)$/i

/** A model's name comes from the caller, and a header takes no other characters. */
const printable = /^[\x20-\x7e]*$/

/** How the names of ours begin. */
export const ourHeader = /^x-(?:leash|ratelimit)-/i

/** In the order in which headers are listed. */
export function shortReport(report: Report, theirs: Iterable<string>): [name: string, value: string][] {
  const { id, attempts, cache, provider, model } = report
  const headers: [string, string][] = [
    ['x-leash-attempts', String(attempts.length)],
    ...(cache ? [['x-leash-cache', cache] as [string, string]] : []),
    ['x-leash-id', id],
  ]
  if (model !== undefined)
    headers.push(['x-leash-model', printable.test(model) ? model : encodeURIComponent(model.toWellFormed())])
  if (provider !== undefined) headers.push(['x-leash-provider', provider])
  const added = addedHeaders(report, theirs)
  return added.length === 0 ? headers : [...headers, ...added].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Never constructed: its prototype is given to the headers of a vendor's `Response`. */
class LeashedHeaders extends Headers {
  override get(name: string): string | null {
    const { changed, report } = toldOf(this)
    if (changed) return changed.get(name)
    if (outdatedHeader.test(name)) return null
    const own = ourHeader.test(name)
      ? shortReport(report, super.keys()).find(([known]) => known === name.toLowerCase())
      : undefined
    return own?.[1] ?? super.get(name)
  }
  override has(name: string): boolean {
    return this.get(name) !== null
  }
  override getSetCookie(): string[] {
    return toldOf(this).changed?.getSetCookie() ?? super.getSetCookie()
  }
  override set(name: string, value: string): void {
    changedOf(this).set(name, value)
  }
  override append(name: string, value: string): void {
    changedOf(this).append(name, value)
  }
  override delete(name: string): void {
    changedOf(this).delete(name)
  }
  override *entries(): HeadersIterator<[string, string]> {
    const { changed, report } = toldOf(this)
    if (changed) return yield* changed.entries()
    const ours = shortReport(report, super.keys())
    for (const entry of super.entries()) {
      while (ours[0] && ours[0][0] < entry[0]) yield ours.shift() ?? entry
      if (!outdatedHeader.test(entry[0]) && ours[0]?.[0] !== entry[0]) yield entry
    }
    yield* ours
  }
  override *keys(): HeadersIterator<string> {
    for (const [name] of this.entries()) yield name
  }
  override *values(): HeadersIterator<string> {
    for (const [, value] of this.entries()) yield value
  }
  override [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries()
  }
  override forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) each.call(self, value, name, this)
  }
}

function toldOf(headers: Headers): Told {
  const state = told.get(headers)
  if (state) return state
  throw new TypeError('Illegal invocation: not the headers of a leash.')
}

function changedOf(headers: Headers): Headers {
  const state = toldOf(headers)
  state.changed ??= new Headers([...headers])
  return state.changed
}

/** The very same object, which now tells of the report too; of a transport's own kind, a copy. */
export function tellIn(theirs: Headers, report: Report): Headers {
  const headers = ownKind in theirs ? new Headers([...theirs]) : theirs
  told.set(headers, { report })
  return Object.setPrototypeOf(headers, LeashedHeaders.prototype)
}

/** A copy that can be handed to a host, which reads what the platform keeps inside of one. */
export function withReport(theirs: Headers, report: Report): Headers {
  const headers = new Headers(theirs)
  told.set(headers, { report })
  headers.delete('content-encoding')
  headers.delete('content-length')
  for (const [name, value] of shortReport(report, [...theirs.keys()])) headers.set(name, value)
  return headers
}

/** The report of the call that a response answered, by the response's headers. */
export function reportBehind(headers: Headers | undefined): Report | undefined {
  return headers && told.get(headers)?.report
}
