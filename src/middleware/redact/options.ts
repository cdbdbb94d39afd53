import type { DetectOptions, EntityType } from '../../detect/index.js'

/**
 * What becomes of a value. `reversible`: a placeholder, which turns into the value again in the answer. `mask`: asterisks.
 * `hash`: the same code for the same value, by a key. `drop`: nothing in its place. `block`: the call is refused.
 * `annotate`: it stays, and is counted.
 */
export type RedactMode = 'reversible' | 'mask' | 'hash' | 'drop' | 'block' | 'annotate'

/** What becomes of a value that the model wrote of itself. Nobody is there who could turn it back. */
export type AnswerMode = Exclude<RedactMode, 'reversible' | 'hash'>

/** By direction; `false` lets it pass unseen. */
export interface EntityModes {
  readonly request?: RedactMode | false
  readonly response?: AnswerMode | false
}

export interface RedactOptions extends Omit<DetectOptions, 'types'> {
  /**
   * A list: only these. A record: what becomes of each, the others as `mode` and `response` say; `false` for a type that is not
   * to be looked for. @defaultValue every type but `URL`, `ADDRESS` and `PERSON`; the last two with `ner`
   */
  readonly entities?: readonly EntityType[] | { readonly [E in EntityType]?: RedactMode | EntityModes | false } | undefined
  /** What becomes of values in requests. @defaultValue 'reversible' */
  readonly mode?: RedactMode | undefined
  /** What becomes of values that the model wrote of itself. @defaultValue false */
  readonly response?: AnswerMode | false | undefined
  /** The secret that `hash` needs. */
  readonly hashKey?: string | undefined
  /** Also the descriptions of tools. @defaultValue false */
  readonly tools?: boolean | undefined
  /** Images, audio, files and lists of tokens, which nobody looks into: `flag` tells of them in an event. @defaultValue 'pass' */
  readonly media?: 'pass' | 'flag' | 'block' | undefined
  /** When looking itself fails: `closed` refuses the call, `open` sends it as it is. @defaultValue 'closed' */
  readonly onError?: 'closed' | 'open' | undefined
  /** Conversations whose placeholders are remembered; the one that was silent longest is forgotten first. @defaultValue 1000 */
  readonly conversations?: number | undefined
}
