/** What is found by guess rather than by form. Loaded for who asks for it: what it knows is as large as all other detectors together. */
import { longestPerson, people } from './people.js'
import { longestAddress, streets } from './streets.js'
import type { Detection, EntityType } from './types.js'

export interface Guess {
  readonly type: EntityType
  readonly longest: number
  find(text: string): Detection[]
}

export const guesses: readonly Guess[] = [
  { type: 'PERSON', longest: longestPerson, find: people },
  { type: 'ADDRESS', longest: longestAddress, find: streets },
]
