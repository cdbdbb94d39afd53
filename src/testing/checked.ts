/** What a test says of its mocks: a word that is mistyped would let it pass for the wrong reason, or send it to a vendor. */
import { amount, fn, whole, word } from '../core/common-shapes.js'
import * as z from '../core/shape.js'
import { mockProtocols } from './mock/vendor.js'

const words = z.array(word)
/** As many as there are, too. */
const upToAll = z.custom((value) => typeof value === 'number' && value >= 0, 'a number from 0 on')

export const cassetteShape = z.strictObject({
  mode: z.optional(z.enum(['record', 'replay', 'auto'])),
  timing: z.optional(z.enum(['instant', 'recorded'])),
  transport: z.optional(fn),
  scrub: z.optional(z.strictObject({ headers: z.optional(words), query: z.optional(words), text: z.optional(fn) })),
})

export const mockShape = z.strictObject({
  port: z.optional(whole),
  host: z.optional(word),
  wordsPerChunk: z.optional(upToAll),
  seed: z.optional(z.union([z.string(), z.number()])),
  protocols: z.optional(z.array(z.enum(mockProtocols))),
})

export const faultShape = z.strictObject({
  status: z.optional(z.int().check(z.minimum(200), z.maximum(599))),
  headers: z.optional(z.record(word, z.string())),
  body: z.optional(z.custom(() => true, '')),
  retryAfter: z.optional(z.union([z.number(), word])),
  latencyMs: z.optional(amount),
  chunkDelayMs: z.optional(amount),
  chunkBytes: z.optional(whole),
  cutAfter: z.optional(z.union([z.strictObject({ events: whole }), z.strictObject({ bytes: whole })])),
  reset: z.optional(z.boolean()),
  hang: z.optional(z.union([z.enum(['headers', 'body']), z.strictObject({ afterEvents: whole })])),
  malformed: z.optional(z.boolean()),
  errorInStream: z.optional(
    z.strictObject({
      status: z.optional(whole),
      message: z.optional(z.string()),
      type: z.optional(z.string()),
      code: z.optional(z.string()),
      after: z.optional(whole),
    }),
  ),
  endWithoutTerminal: z.optional(z.boolean()),
  when: z.optional(fn),
  times: z.optional(upToAll),
})

/** @throws LeashError `invalid_config` that names what is wrong */
export function checked<T>(given: T, shape: z.Shape, of: string): T {
  z.refuse(shape.faults(given, [of]))
  return given
}
