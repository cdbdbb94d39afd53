/**
 * A client's plain requests to one path differ in nothing but their bodies, and to build each anew takes the SDK a fifth of a
 * whole call. Here the address and headers that it has built twice alike are used again. Whatever has an option of its own
 * that could show in a request, the SDK builds itself.
 */
import { isObject } from './core/json.js'
import type { Built, Props } from './direct.js'

type Options = Props['options']

/** Options that do not show in a request, or are the same for each one to a path. */
const unseen: ReadonlySet<string> = new Set([
  ...['method', 'path', 'body', 'stream', 'signal', 'timeout', 'maxRetries', 'idempotencyKey', 'leash'],
  ...['__security', '__metadata'],
])

/** Paths may hold the names of models. */
const maxPaths = 20

interface Known {
  /** What a client could be set to otherwise from one call to the next. */
  readonly settings: readonly unknown[]
  readonly url: string
  /** Never given out: to copy them takes half as long as to make them of their names and values. */
  readonly headers: Headers
  /** Built alike at least twice: nothing in it is made for one request. */
  readonly sure: boolean
}

export class PlainRequests {
  readonly #known = new Map<string, Known>()

  /** @returns the request as the SDK would build it; undefined where it must do so itself */
  build(options: Options, settings: readonly unknown[]): Built | undefined {
    const known = this.#known.get(options.path)
    if (!known?.sure || !isPlain(options) || !areSame(known.settings, settings)) return undefined
    const { body, signal, timeout, __metadata } = options
    // The SDK sees by the body whether its answer is a stream.
    if (__metadata) options.stream = body.stream === true
    const { method } = options
    const headers = new Headers(known.headers)
    const req = { method, headers, ...(signal && { signal }), body: JSON.stringify(body) }
    return { req, url: known.url, timeout: timeout ?? 0 }
  }

  /** @param built what the SDK has made of these options */
  learn(options: Options, settings: readonly unknown[], { req, url }: Built): void {
    const { path } = options
    const before = this.#known.get(path)
    if (!isPlain(options) || req.body !== JSON.stringify(options.body) || (!before && this.#known.size === maxPaths)) return
    const headers = new Headers(req.headers)
    const alike = before && before.url === url && areSame(before.settings, settings)
    const sure = alike === true && String([...before.headers]) === String([...headers])
    this.#known.set(path, { settings, url, headers, sure })
  }
}

function isPlain(options: Options): options is Options & { readonly body: Readonly<Record<string, unknown>> } {
  for (const name in options) {
    if (!unseen.has(name) && options[name as keyof Options] !== undefined) return false
  }
  for (const name in options.__metadata) if (name !== 'streamFromBody') return false
  const { body } = options
  if (!isObject(body)) return false
  const prototype: unknown = Object.getPrototypeOf(body)
  if (prototype !== Object.prototype && prototype !== null) return false
  // The SDK sends what can be iterated piece by piece.
  if (Symbol.iterator in body || Symbol.asyncIterator in body || typeof body.toJSON === 'function') return false
  return body.stream == null || typeof body.stream === 'boolean'
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((value, at) => value === others[at])
}
