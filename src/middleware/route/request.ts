import { type Call, textOf } from '../../core/call.js'
import { type Needs, needsOf } from '../../protocols/needs.js'
import type { Lens } from '../../protocols/protocol.js'
import { estimateTokens, inputTokens } from '../../protocols/tokens.js'

/** Of the models that are in use, in tokens. */
const smallestWindow = 4000

/** A request as one looks at it to choose a target. What is not asked for is not computed. */
export class Asked {
  readonly call: Call
  readonly needs: Needs
  readonly #lens: Lens | undefined
  #inputTokens: number | undefined

  constructor(call: Call, lens: Lens | undefined) {
    this.call = call
    this.needs = needsOf(call.protocol, call.body)
    this.#lens = lens
  }

  /** By estimate, without images, audio and files. */
  get inputTokens(): number {
    this.#inputTokens ??= this.#lens ? inputTokens(this.#lens, this.call.body, estimateTokens) : 0
    return this.#inputTokens
  }

  /** A short text and nothing else, as every model takes it. */
  get isPlain(): boolean {
    const { tools, images, audio, files, structuredOutput } = this.needs
    return !tools && !images && !audio && !files && !structuredOutput && !this.mayExceed(smallestWindow)
  }

  /** Whether the prompt may be as long as that: as long as its bytes are few, nobody needs to count. */
  mayExceed(tokens: number): boolean {
    const text = textOf(this.call)
    // No vendor makes more than one token of a byte, nor JavaScript more than three bytes of a unit.
    if (text !== undefined && text.length * 3 <= tokens) return false
    return this.inputTokens > tokens
  }
}
