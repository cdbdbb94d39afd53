/** What the reference says of one route of the relay. */
import * as z from '../../core/shape.js'
import type { KeyScope } from '../keys/keys.js'

export interface Operation {
  /** In a few words, without a full stop. */
  readonly does: string
  /** Who may ask: everybody, keys with a scope, or people and keys with a role in the administration. */
  readonly who: 'everybody' | KeyScope | 'role'
  readonly query?: Readonly<Record<string, z.Shape>>
  readonly body?: z.Shape
  /** @defaultValue 200 */
  readonly status?: number
  /** The type of what is answered; null: nothing. @defaultValue 'application/json' */
  readonly answers?: string | null
  /** Other statuses that are an answer, and what each says. */
  readonly also?: Readonly<Record<number, string>>
  /** Whose words a failure is in: the relay's own, or those of the vendor whose SDK reads it. @defaultValue 'ours' */
  readonly fails?: 'ours' | 'theirs'
  /** As it is written for people, where the router's own way would not do: `/v1/models/{model}`. */
  readonly path?: string
}

/** By method and path, as the router has them. */
export type Operations = Readonly<Record<string, Operation>>

export const text = z.string()
export const count = z.int().check(z.minimum(1))
export const page = { after: z.optional(text), limit: z.optional(count) }
export const anything = z.custom((value) => typeof value === 'object' && value !== null, 'an object')
/** Milliseconds since 1970, or a date. */
export const moment = z.union([text, z.int()])

/** Of a report. */
export const report = {
  by: z.optional(text),
  from: z.optional(text),
  to: z.optional(text),
  tenant: z.optional(text),
  key: z.optional(text),
  user: z.optional(text),
  model: z.optional(text),
  provider: z.optional(text),
  top: z.optional(count),
  format: z.optional(z.enum(['json', 'csv'])),
}

export const events = 'text/event-stream'
export const prometheus = 'text/plain'
