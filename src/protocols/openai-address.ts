import type { JsonObject } from '../core/json.js'
import { percentDecoded } from './percent.js'
import type { ChatProtocol } from './protocol.js'

/**
 * Reads an address that ends in `ending`, such as `chat/completions`. Azure names the model in it:
 * `/openai/deployments/{deployment}/chat/completions`.
 */
export function openAiMatch(ending: string): ChatProtocol['match'] {
  const address = new RegExp(`(?:/deployments/([^/]+))?/${ending}/?$`)
  return (path, body) => {
    const found = address.exec(path.split('?')[0] ?? '')
    if (!found) return undefined
    const deployment = percentDecoded(found[1] ?? '')
    return { model: typeof body.model === 'string' ? body.model : deployment, stream: body.stream === true }
  }
}

/** In its place, so that the order of the members stays. */
export function withModel(body: JsonObject, model: string): JsonObject {
  return { ...body, model }
}
