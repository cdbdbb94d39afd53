import { LeashError } from '../../core/errors.js'
import { compact } from '../../core/json.js'
import { cassetteShape, checked } from '../checked.js'
import type { RecordedExchangeRequest, Recording } from './format.js'
import { bodyOf, keyOf, withoutBoundary } from './key.js'
import { missError } from './miss.js'
import { record } from './record.js'
import { replay } from './replay.js'
import { type Scrubber, type ScrubOptions, scrubber } from './scrub.js'
import { openStore, type Store } from './store.js'

export interface CassetteOptions {
  /**
   * `replay`: answers from the recordings, and a request without one is an error. `record`: sends everything and replaces what was
   * recorded. `auto`: answers what it can and records the rest.
   * @defaultValue 'replay' where the variable `CI` is set, else 'auto'
   */
  readonly mode?: 'record' | 'replay' | 'auto'
  /** What carries the requests that are recorded. @defaultValue fetch */
  readonly transport?: (url: string, init: RequestInit) => Promise<Response>
  readonly scrub?: ScrubOptions
  /** Whether answers take the time they took; `instant` uses no timers. @defaultValue 'instant' */
  readonly timing?: 'recorded' | 'instant'
}

/** A transport, and a `fetch` for any vendor's SDK. */
export type CassetteTransport = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Records the traffic with vendors, and plays it back. `path` is a file that ends in `.json`, or a folder that gets one file for
 * each request.
 */
export function cassette(path: string, options: CassetteOptions = {}): CassetteTransport {
  if (!path) throw new LeashError('invalid_config', 'A cassette needs the path of a `.json` file, or of a folder.')
  checked(options, cassetteShape, 'cassette')
  // Looked up when it is used: a test may replace it until then.
  const { transport = (url: string, init: RequestInit) => fetch(url, init), scrub, timing = 'instant' } = options
  const mode = options.mode ?? (process.env.CI ? 'replay' : 'auto')
  const store = openStore(path)
  const tape = mode === 'record' ? blankTape(store) : playedTape(store)

  const play: CassetteTransport = async (input, init) => {
    const { url, init: sent, bytes } = await read(input, init)
    const clean = scrubber(url, new Headers(sent.headers), scrub)
    const request = requestOf(url, sent, bytes, clean)
    const key = keyOf(request)
    const found = mode === 'record' ? undefined : tape.next(key)
    if (found) return replay(found.response, timing, sent.signal)
    if (mode === 'replay') throw missError(request, tape.all(), path, tape.used(key))
    const start = performance.now()
    const response = await transport(url.href, sent)
    return record(response, Math.round(performance.now() - start), clean, (recorded) => {
      tape.add({ key, request, response: recorded })
    })
  }
  // OpenAI's client looks for it before it sends a form, and otherwise asks for `data:,` to get one.
  return Object.assign(play, { Response })
}

interface Tape {
  all(): readonly Recording[]
  /** The next recording of this request that was not played yet. */
  next(key: string): Recording | undefined
  used(key: string): number
  add(recording: Recording): void
}

function playedTape(store: Store): Tape {
  let loaded: Recording[] | undefined
  const used = new Map<string, number>()
  const all = () => (loaded ??= store.load())
  return {
    all,
    next(key) {
      const at = used.get(key) ?? 0
      const found = all().filter((recording) => recording.key === key)[at]
      if (found) used.set(key, at + 1)
      return found
    },
    used: (key) => used.get(key) ?? 0,
    add(recording) {
      // Played already, by the very request that made it.
      all().push(recording)
      used.set(recording.key, (used.get(recording.key) ?? 0) + 1)
      store.add(recording)
    },
  }
}

/** The old recordings go when the first new one comes, so that a run that fails at once loses nothing. */
function blankTape(store: Store): Tape {
  let blank = false
  return {
    all: () => [],
    next: () => undefined,
    used: () => 0,
    add(recording) {
      if (!blank) store.clear()
      blank = true
      store.add(recording)
    },
  }
}

function requestOf(url: URL, init: RequestInit, sent: Uint8Array, clean: Scrubber): RecordedExchangeRequest {
  const { headers, bytes } = withoutBoundary(new Headers(init.headers), sent)
  return compact({
    method: (init.method ?? 'GET').toUpperCase(),
    url: clean.url(url).href,
    headers: clean.headers(headers),
    body: bodyOf(bytes, clean.text),
  })
}

/** The body as bytes, which both the transport and the key need. */
async function read(
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<{ url: URL; init: RequestInit; bytes: Uint8Array }> {
  if (input instanceof Request) {
    const { method, headers, signal } = input
    return read(input.url, { method, headers, signal, ...(input.body && { body: await input.arrayBuffer() }), ...init })
  }
  const { body } = init
  if (body === undefined || body === null) return { url: new URL(input), init, bytes: new Uint8Array() }
  if (typeof body === 'string') return { url: new URL(input), init, bytes: new TextEncoder().encode(body) }
  const whole = new Response(body)
  const type = whole.headers.get('content-type')
  const bytes = new Uint8Array(await whole.arrayBuffer())
  const headers = new Headers(init.headers)
  // Only the body itself knew its boundary.
  if (type && !headers.has('content-type')) headers.set('content-type', type)
  return { url: new URL(input), init: { ...init, headers, body: bytes }, bytes }
}
