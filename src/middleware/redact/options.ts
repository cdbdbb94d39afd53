import type { DetectOptions, EntityType } from '../../detect/index.js'

/**
 * What happens to a value. `reversible`: a placeholder replaces it, and turns back into the value in the answer. `mask`:
 * asterisks. `hash`: a code, always the same for the same value and key. `drop`: it is removed. `block`: the call is refused.
 * `annotate`: it stays, and is only counted.
 */
export type RedactMode = 'reversible' | 'mask' | 'hash' | 'drop' | 'block' | 'annotate'

/** What happens to a value that the model wrote by itself. Nothing could turn a placeholder back there. */
export type AnswerMode = Exclude<RedactMode, 'reversible' | 'hash'>

/** For each direction; `false`: not searched for. */
export interface EntityModes {
  readonly request?: RedactMode | false
  readonly response?: AnswerMode | false
}

export interface RedactOptions extends Omit<DetectOptions, 'types'> {
  /**
   * A list: only these types. A record: what happens to each type (`false`: not searched for); the others as `mode` and `response`
   * say. @defaultValue every type but `URL`, `ADDRESS` and `PERSON`; the last two with `ner`
   */
  readonly entities?: readonly EntityType[] | { readonly [E in EntityType]?: RedactMode | EntityModes | false } | undefined
  /** What happens to values in requests. @defaultValue 'reversible' */
  readonly mode?: RedactMode | undefined
  /** What happens to values that the model wrote by itself. @defaultValue false */
  readonly response?: AnswerMode | false | undefined
  /** The secret for the mode `hash`. */
  readonly hashKey?: string | undefined
  /** Also redact the descriptions of tools. @defaultValue false */
  readonly tools?: boolean | undefined
  /** Images, audio, files and lists of tokens are not looked into: `flag` reports them in an event, `block` refuses the call. @defaultValue 'pass' */
  readonly media?: 'pass' | 'flag' | 'block' | undefined
  /** If the search itself fails: `closed` refuses the call, `open` sends it as it is. @defaultValue 'closed' */
  readonly onError?: 'closed' | 'open' | undefined
  /** Most conversations whose placeholders are remembered; the one that was silent the longest is forgotten first. @defaultValue 1000 */
  readonly conversations?: number | undefined
}
