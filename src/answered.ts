/** Results and errors for a host that writes them itself, to which the platform's `Response` and `Headers` would be a detour. */
import type { Report, Result } from './core/call.js'
import type { LeashError } from './core/errors.js'
import { Recent } from './core/recent.js'
import { ourHeader, outdatedHeader, shortReport } from './leashed-headers.js'
import type { Protocol } from './protocols/protocol.js'
import { brokenOff, failureIn } from './respond-error.js'

export interface Answered {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string | AsyncIterable<Uint8Array>
}

export type HeaderList = [name: string, value: string][]

export function answerWhole(result: Result, report: Report): Answered {
  const body = result.stream ? result.body : (result.text ?? JSON.stringify(result.body))
  return { status: result.status, headers: listWithReport(result.headers, report), body }
}

export function failWhole(error: LeashError, protocol: Protocol, report: Report): Answered {
  const { text, status, headers, breaksOff } = failureIn(error, protocol, report)
  return { status, headers: forwardable(headers), body: breaksOff ? brokenOff(text, error) : text }
}

/** Of a vendor's headers those that are not the vendor's to set: about the connection, its cookies, or what a browser does with our address. */
const notTheirs =
  /^(?:connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|set-cookie|access-control-.*|strict-transport-security|content-security-policy.*|clear-site-data|nel|report-to|reporting-endpoints|refresh|www-authenticate|alt-svc|server|via|date)$/

export function forwardable(theirs: Headers): HeaderList {
  return [...theirs].filter(([name]) => !notTheirs.test(name))
}

type Fate = 'kept' | 'dropped' | 'kept unless ours'

/** A vendor's answers have the same few headers again and again. */
const fates = new Recent<string, Fate>(1000)

function fateOf(name: string): Fate {
  return fates.getOrInsertComputed(name, () => {
    if (notTheirs.test(name) || outdatedHeader.test(name)) return 'dropped'
    return ourHeader.test(name) ? 'kept unless ours' : 'kept'
  })
}

/** What is {@link forwardable} of them, with the short form of the report. */
function listWithReport(theirs: Headers, report: Report): HeaderList {
  const own = shortReport(report, { [Symbol.iterator]: () => theirs.keys() })
  const list: HeaderList = []
  for (const entry of theirs) {
    const [name] = entry
    const fate = fateOf(name)
    if (fate === 'kept' || (fate === 'kept unless ours' && !own.some(([known]) => known === name))) list.push(entry)
  }
  list.push(...own)
  return list
}
