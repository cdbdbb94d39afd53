import type { Call, Result } from './call.js'

export type Next = (call: Call) => Promise<Result>

/**
 * A layer of the stack, the same for whole answers and streams. `next` may be called zero, one or many times, but not after a
 * stream has resolved.
 */
export type Middleware = (next: Next) => Next

/** First in the list is outermost; `terminal` is what the innermost layer calls. */
export function compose(layers: readonly Middleware[], terminal: Next): Next {
  return layers.reduceRight<Next>((next, layer) => {
    if (typeof layer !== 'function')
      throw new TypeError(`A middleware is a function (next) => (call) => Promise<Result>; got ${typeof layer}.`)
    return layer(next)
  }, terminal)
}
