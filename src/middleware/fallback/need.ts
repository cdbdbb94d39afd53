/** What a request needs of a target, estimated without sending it. */
import type { Call } from '../../core/call.js'
import type { JsonObject } from '../../core/json.js'
import { protocolNamed } from '../../protocols/index.js'
import type { Protocol } from '../../protocols/protocol.js'

export interface Need {
  /** By estimate: vendors count each in their own way. */
  readonly inputTokens: number
  /** As the caller bounds it. */
  readonly maxOutputTokens?: number
}

export async function needOf({ protocol: name, body }: Call): Promise<Need> {
  const [{ estimateTokenCount }, protocol] = await Promise.all([import('tokenx'), protocolNamed(name)])
  let inputTokens = 0
  protocol?.lens.replaceRequest(body, (text) => {
    inputTokens += estimateTokenCount(text)
    return text
  })
  const maxOutputTokens = await boundOf(protocol, body)
  return { inputTokens, ...(maxOutputTokens !== undefined && { maxOutputTokens }) }
}

async function boundOf(protocol: Protocol | undefined, body: JsonObject): Promise<number | undefined> {
  if (protocol?.kind !== 'chat') return 0
  const { downstream } = await protocol.codec()
  try {
    return downstream?.decodeRequest(body, () => {}).maxTokens
  } catch {
    // The vendor is to say what is wrong with the request.
    return undefined
  }
}
