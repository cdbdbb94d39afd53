/** The `routes`: names for models, and groups of them. */
import { amount, fn, whole, word } from '../core/common-shapes.js'
import { isObject } from '../core/json.js'
import * as z from '../core/shape.js'

const words = z.array(word)
const flag = z.optional(z.boolean())

const conditions = z.strictObject({
  tools: flag,
  images: flag,
  audio: flag,
  files: flag,
  structuredOutput: flag,
  stream: flag,
  minInputTokens: z.optional(whole),
  maxInputTokens: z.optional(whole),
  tenants: z.optional(words),
  users: z.optional(words),
  tags: z.optional(z.record(word, z.union([z.string(), z.array(z.string())]))),
})

const target = z.strictObject({
  model: word,
  weight: z.optional(amount),
  quality: z.optional(z.number()),
  when: z.optional(z.union([fn, conditions])),
})

const experiment = z.strictObject({
  name: z.optional(word),
  goal: z.optional(z.enum(['cost', 'latency', 'errors', 'score'])),
  minimumSample: z.optional(z.int().check(z.minimum(2))),
  confidence: z.optional(z.number().check(z.minimum(0.5), z.maximum(0.9999))),
  automatic: flag,
})

const group = z
  .strictObject({
    targets: z.array(z.union([word, target])).check(z.minLength(1)),
    prefer: z.optional(z.enum(['cost', 'latency', 'quality'])),
    sticky: z.optional(z.string().check(z.regex(/^(?:user|tenant|tag:.+)$/s))),
    experiment: z.optional(experiment),
    fallback: flag,
  })
  .check(weighs)

/** What no member shows by itself. */
function weighs({ targets, prefer, sticky, experiment }: Record<string, unknown> & { targets: unknown[] }): string | undefined {
  const given = targets.map((target) => (isObject(target) ? target.weight : undefined))
  const running = given.filter((weight) => weight !== 0).length
  if (running === 0) return 'one target needs a `weight` above 0'
  if (experiment && running < 2) return 'an experiment needs two targets with a `weight` above 0'
  if (prefer && (sticky || experiment || given.some((weight) => weight !== undefined)))
    return '`prefer` decides alone: leave out `weight`, `sticky` and `experiment`, or `prefer`'
  return undefined
}

/** Whoever writes an object means a group. */
const route: z.Shape = {
  ...group,
  forms: [z.string(), group],
  faults: (value, path) => (isObject(value) ? group : z.string()).faults(value, path),
}

export const routesSchema = z.record(z.string(), route)
