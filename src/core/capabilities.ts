import type { Target } from './call.js'

/** What models of a family can. Absent is unknown, and never a guess. */
export interface Abilities {
  /** Calls functions. */
  readonly tools?: boolean
  /** Reads images. */
  readonly images?: boolean
  /** Hears sound. */
  readonly audio?: boolean
  /** Reads documents such as PDF. */
  readonly files?: boolean
  /** Thinks before it answers. */
  readonly thinking?: boolean
  readonly embeddings?: boolean
}

export interface Capabilities extends Abilities {
  /** Tokens in and out together; for embeddings, of one input. */
  readonly contextWindow?: number
  /** Tokens that one answer may have. */
  readonly maxOutput?: number
  /** Holds its answer to a JSON Schema, natively. */
  readonly structuredOutput?: boolean
  /** Continues an assistant message that comes last. */
  readonly prefill?: boolean
}

/** What is known of a target's model. */
export type CapabilitiesOf = (target: Target) => Capabilities
