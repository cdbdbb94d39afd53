/**
 * Requests to addresses that strangers have named: webhooks, callbacks. Only what is on the public internet is asked, by the very
 * address that was looked at, and a redirect is an answer like any other.
 * https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { lookup as systemLookup } from 'node:dns'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type BlockList, isIP, type LookupFunction } from 'node:net'
import { LeashError } from '../../core/errors.js'
import { isIn, rangesOf } from '../ip-ranges.js'
import { isPublic } from './reachable.js'

export interface SafeFetchOptions {
  /** Addresses and ranges that may be asked although they are not public, and without TLS: `10.0.0.0/8`. @defaultValue none */
  readonly allow?: readonly string[]
  /** Of a request in all, in milliseconds. @defaultValue 10000 */
  readonly timeoutMs?: number
  /** Of an answer, in bytes. The rest is not read. @defaultValue 65536 */
  readonly mostBytes?: number
  /** @defaultValue that of the system */
  readonly resolve?: (host: string) => Promise<readonly string[]>
}

export interface SafeRequest {
  /** @defaultValue 'POST' */
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

export interface SafeAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface SafeFetch {
  /** As far as can be told without asking anybody. @throws LeashError `invalid_request` that says what is wrong with the address */
  check(url: string): URL
  /** @throws LeashError `invalid_request` for an address that may not be asked, `network_error`, `timeout`, `aborted` */
  send(url: string, request: SafeRequest): Promise<SafeAnswer>
}

const longest = 2048

export function safeFetch(options: SafeFetchOptions = {}): SafeFetch {
  const { timeoutMs = 10_000, mostBytes = 65_536, resolve = bySystem } = options
  const allowed = rangesOf(options.allow ?? [])
  const tlsOnly = (options.allow ?? []).length === 0
  const check = (url: string) => checked(url, allowed, tlsOnly)
  return {
    check,
    async send(url, { signal, ...request }) {
      const target = check(url)
      const late = AbortSignal.timeout(timeoutMs)
      const ended = signal ? AbortSignal.any([signal, late]) : late
      try {
        const lookup = looking(resolve, (address) => mayAsk(address, target, allowed))
        return await answered(target, request, { lookup, signal: ended, mostBytes })
      } catch (error) {
        throw told(error, late, signal)
      }
    },
  }
}

function checked(url: string, allowed: BlockList, tlsOnly: boolean): URL {
  if (url.length > longest) throw wrong(`has at most ${longest} characters`)
  if (!URL.canParse(url)) throw wrong('is a whole one, such as https://example.com/hook')
  const target = new URL(url)
  if (target.protocol !== 'https:' && (tlsOnly || target.protocol !== 'http:')) throw wrong('begins with https://')
  if (target.username !== '' || target.password !== '') throw wrong('has no user and no password in it')
  const host = hostOf(target)
  // A parser of URLs has made 127.0.0.1 of whatever stands for it: 2130706433, 0x7f.1, 0177.0.0.1.
  if (isIP(host) !== 0 && !mayAsk(host, target, allowed)) throw refused()
  return target
}

/** Without TLS only what was allowed by name: elsewhere anybody on the way could read it. */
function mayAsk(address: string, { protocol }: URL, allowed: BlockList): boolean {
  return isIn(allowed, address) || (protocol === 'https:' && isPublic(address))
}

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '')

/** The connection is made to an address that was looked at, so a name that changes its address in between gains nothing. */
function looking(resolve: (host: string) => Promise<readonly string[]>, may: (address: string) => boolean): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (addresses) => {
        // One that may be asked beside one that may not is what a trick looks like.
        const [first] = addresses
        if (first === undefined || !addresses.every(may)) return done(refused(), '')
        if (!options.all) return done(null, first, isIP(first))
        done(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        )
      },
      (error: Error) => done(error, ''),
    )
  }
}

function bySystem(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, found) => {
      if (error) reject(error)
      else resolve(found.map(({ address }) => address))
    })
  })
}

interface Sending {
  readonly lookup: LookupFunction
  readonly signal: AbortSignal
  readonly mostBytes: number
}

function answered(
  target: URL,
  { method = 'POST', headers = {}, body }: Omit<SafeRequest, 'signal'>,
  { lookup, signal, mostBytes }: Sending,
): Promise<SafeAnswer> {
  return new Promise((resolve, reject) => {
    const ask = target.protocol === 'https:' ? httpsRequest : httpRequest
    // A connection of its own: one that is kept would have been looked at for somebody else.
    const request: ClientRequest = ask(target, { method, headers, lookup, signal, agent: false }, (incoming) => {
      textOf(incoming, mostBytes).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), text }),
        reject,
      )
    })
    request.once('error', reject)
    request.end(body)
  })
}

async function textOf(incoming: IncomingMessage, most: number): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of incoming) {
    parts.push(part)
    size += part.length
    if (size >= most) break
  }
  return Buffer.concat(parts).subarray(0, most).toString('utf8')
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    try {
      headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
    } catch {
      // What is no header is nobody's to read.
    }
  }
  return headers
}

function told(error: unknown, late: AbortSignal, signal: AbortSignal | undefined): LeashError {
  if (error instanceof LeashError) return error
  if (signal?.aborted) return new LeashError('aborted', 'The request was given up.', { cause: error })
  if (late.aborted) return new LeashError('timeout', 'The address did not answer in time.', { cause: error, retryable: true })
  const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
  return new LeashError('network_error', `The address cannot be reached${code}.`, { cause: error, retryable: true })
}

const wrong = (rule: string) => new LeashError('invalid_request', `The address ${rule}.`, { param: 'url' })

/** It says of no name which address it has: that is for those inside to know. */
const refused = () =>
  new LeashError(
    'invalid_request',
    'The address is not on the public internet. Name one that is, or have it allowed by `webhooks.allow` in the configuration of the relay.',
    { param: 'url' },
  )
