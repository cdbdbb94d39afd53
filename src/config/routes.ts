/** The `routes`: names for models, and groups of them. */
import { isObject } from '../core/json.js'
import * as z from './shape.js'

const name = z.string().check(z.minLength(1))
const names = z.array(name)
const tokens = z.int().check(z.minimum(0))
const flag = z.optional(z.boolean())
const fn = z.custom((value) => typeof value === 'function', 'expected a function')

const conditions = z.strictObject({
  tools: flag,
  images: flag,
  audio: flag,
  files: flag,
  structuredOutput: flag,
  stream: flag,
  minInputTokens: z.optional(tokens),
  maxInputTokens: z.optional(tokens),
  tenants: z.optional(names),
  users: z.optional(names),
  tags: z.optional(z.record(name, z.union([z.string(), z.array(z.string())]))),
})

const target = z.strictObject({
  model: name,
  weight: z.optional(z.number().check(z.minimum(0))),
  quality: z.optional(z.number()),
  when: z.optional(z.union([fn, conditions])),
})

const experiment = z.strictObject({
  name: z.optional(name),
  goal: z.optional(z.enum(['cost', 'latency', 'errors', 'score'])),
  minimumSample: z.optional(z.int().check(z.minimum(2))),
  confidence: z.optional(z.number().check(z.minimum(0.5), z.maximum(0.9999))),
  automatic: flag,
})

const group = z
  .strictObject({
    targets: z.array(z.union([name, target])).check(z.minLength(1)),
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
