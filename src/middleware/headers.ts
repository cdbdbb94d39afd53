/** Headers of yours, for whoever is asked. */
import type { Middleware } from '../core/middleware.js'
import { withHeader } from '../core/with-header.js'

/** By name. Who asks, and how the connection is kept, is not theirs to say. */
export type HeadersOption = Readonly<Record<string, string>>

/** Adds them to each request to a provider, over the caller's own of the same name and below those of the provider's options. */
export function headers(own: HeadersOption): Middleware {
  const list = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value] as const)
  return (next) =>
    function headers(call) {
      return next(list.reduce((call, [name, value]) => withHeader(call, name, value), call))
    }
}
