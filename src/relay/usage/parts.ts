/** Sums that tell fewer things apart than those by the hour, so that what is asked for most is found in few rows. */
import type { SqlValue } from '../store/sql.js'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** `2026-11-22T13` */
export const hourName = (at: number): string => new Date(at).toISOString().slice(0, 13)

const columns = ['tenant', 'key_id', 'user_id', 'model', 'provider', 'tag', 'value'] as const
export type PartColumn = (typeof columns)[number]

export interface Part {
  readonly name: string
  /** Of an hour or of a day, in UTC. */
  readonly ms: number
  /** What is told apart. */
  readonly by: readonly PartColumn[]
}

/** The smallest first. */
export const parts: readonly Part[] = [
  { name: 'tenant', ms: hourMs, by: ['tenant'] },
  { name: 'model', ms: dayMs, by: ['tenant', 'model', 'provider'] },
  { name: 'key', ms: dayMs, by: ['tenant', 'key_id'] },
  { name: 'user', ms: dayMs, by: ['tenant', 'user_id'] },
  { name: 'key and model', ms: dayMs, by: ['tenant', 'key_id', 'model', 'provider'] },
  { name: 'user and model', ms: dayMs, by: ['tenant', 'user_id', 'model', 'provider'] },
  { name: 'tag', ms: dayMs, by: ['tenant', 'tag', 'value'] },
  { name: 'tag and model', ms: dayMs, by: ['tenant', 'model', 'provider', 'tag', 'value'] },
]

/** Whether it has a line once for each of its tags, and not once. */
export const isOfTags = ({ by }: Part): boolean => by.includes('tag')

/** The `hour` in which it begins stands there for a day, too. What a part does not tell apart is empty. */
export const partKeyColumns = ['part', 'hour', ...columns] as const

/** @param values of the columns that tell apart, in their order; without the tag and its value they are of all lines */
export function keyIn({ name, ms, by }: Part, [hour = 0, ...values]: readonly SqlValue[]): readonly SqlValue[] {
  const at = Number(hour)
  return [name, at - (at % ms), ...columns.map((column, place) => (by.includes(column) ? (values[place] ?? '') : ''))]
}

/** @returns the smallest that tells all of these apart, for times of this length */
export function partOf(asked: readonly string[], ms: number): Part | undefined {
  return parts.find(
    (part) =>
      part.ms === ms &&
      isOfTags(part) === asked.includes('tag') &&
      asked.every((name) => part.by.some((column) => column === name)),
  )
}
