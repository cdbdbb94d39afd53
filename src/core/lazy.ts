import type { Call } from './call.js'
import type { Middleware, Next } from './middleware.js'

/** What is made once, by the first who needs it. A failure is not kept: the next one tries again. */
export class Lazy<T> {
  /** Present once it has been made. */
  value: T | undefined
  readonly #make: () => Promise<T>
  #making: Promise<T> | undefined

  constructor(make: () => Promise<T>) {
    this.#make = make
  }

  /** What is being made, or was. */
  get underway(): Promise<T> | undefined {
    return this.#making
  }

  get(): Promise<T> {
    this.#making ??= this.#make().then(
      (value) => {
        this.value = value
        return value
      },
      (error) => {
        this.#making = undefined
        throw error
      },
    )
    return this.#making
  }
}

/** A layer whose code is loaded by the first call that needs it: no program starts with what it does not use. */
export function lazyLayer(layer: Lazy<Middleware>, needs?: (call: Call) => boolean): Middleware {
  return (next) => {
    let inner: Next | undefined
    return function lazyLayer(call) {
      if (needs && !needs(call)) return next(call)
      if (inner) return inner(call)
      return layer.get().then((layer) => {
        inner ??= layer(next)
        return inner(call)
      })
    }
  }
}
