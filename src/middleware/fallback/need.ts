/** What a request needs of a target, estimated without sending it. */
import type { Call } from '../../core/call.js'
import { protocolNamed } from '../../protocols/index.js'
import { needsOf } from '../../protocols/needs.js'
import { estimateTokens, inputTokens } from '../../protocols/tokens.js'

export interface Need {
  /** By estimate: vendors count each in their own way. */
  readonly inputTokens: number
  /** As the caller bounds it. */
  readonly maxOutputTokens?: number
  /** Each of which has so many. */
  readonly answers: number
}

export async function needOf({ protocol: name, body }: Call): Promise<Need> {
  const protocol = await protocolNamed(name)
  const { maxOutputTokens, answers = 1 } = protocol?.kind === 'chat' ? needsOf(name, body) : { maxOutputTokens: 0 }
  return {
    answers,
    inputTokens: protocol ? inputTokens(protocol.lens, body, estimateTokens) : 0,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  }
}
