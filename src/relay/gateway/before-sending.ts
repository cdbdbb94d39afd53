/** Lets whoever makes a call know that it is about to be sent, before the provider does. */
import type { CallOptions } from '../../core/call.js'
import type { Layer } from '../../stack.js'

const telling = Symbol('leashllm.beforeSending')

interface Telling extends CallOptions {
  readonly [telling]?: () => Promise<void>
}

/** @param tell before each attempt; one that throws keeps it from being made */
export function tellBeforeSending(options: CallOptions, tell: () => Promise<void>): CallOptions {
  const told: Telling = { ...options, [telling]: tell }
  return told
}

/** Costs nothing where nobody wants to know. */
export const beforeSending: Layer = {
  at: 'attempt',
  middleware: (next) =>
    function beforeSending(call) {
      const { [telling]: tell }: Telling = call.options
      return tell ? tell().then(() => next(call)) : next(call)
    },
}
