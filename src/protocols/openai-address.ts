import type { JsonObject } from '../core/json.js'
import { percentDecoded } from './percent.js'
import type { ChatProtocol } from './protocol.js'

/**
 * Reads an address that ends in `ending`, such as `chat/completions`. Azure names the model in it:
 * `/openai/deployments/{deployment}/chat/completions`.
 */
export function openAiMatch(ending: string): ChatProtocol['match'] {
  const address = new RegExp(`(?:/deployments/([^/]+))?/${ending}/?$`)
  /** A client calls the same path over and over. */
  let last: { readonly path: string; readonly deployment: string } | undefined
  return (path, body) => {
    if (last?.path !== path) {
      const found = address.exec(path.split('?')[0] ?? '')
      if (!found) return undefined
      last = { path, deployment: percentDecoded(found[1] ?? '') }
    }
    const { deployment } = last
    return { model: typeof body.model === 'string' ? body.model : deployment, stream: body.stream === true }
  }
}

/** In its place, so that the order of the members stays. */
export function withModel(body: JsonObject, model: string): JsonObject {
  return { ...body, model }
}
