import type { EntityType } from '../../detect/index.js'

/** How many of each type. */
export type Counts = Partial<Record<EntityType, number>>

export const size = (counts: Readonly<Record<string, number>>): number => Object.keys(counts).length

export const names = (counts: Readonly<Record<string, number>>): string => Object.keys(counts).join(', ')
